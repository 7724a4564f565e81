#include "role/live/live_forward.h"

#include "base/clock.h"
#include "base/log.h"
#include "io/http/http_source.h"
#include "io/http/http_stream.h"
#include "role/gateway/fleets.h"
#include "role/gateway/forward/bank.h"
#include "role/gateway/gateway.h"
#include "role/gateway/passing.h"
#include "role/gateway/switch/toggle.h"
#include "role/gateway/view/traffic.h"
#include "role/http/answer.h"

enum {
    HELD_MAX = 65536,     /* for a slow client, before the server is no longer read */
    REFUSAL_MAX = 65536,  /* of a server's answer that is no stream */
    MISSED_HEARTBEATS = 3 /* then the server is taken for dead */
};

struct live_gateway {
    struct app *app;
    struct bank bank;
    struct list streams;
    bool is_draining;
};

/* Lifetime: until both sides are gone. */
struct passage {
    struct list link;
    struct live_gateway *gateway;
    const struct service *service;
    struct http_request *request; /* NULL once it is answered */
    struct http_source *source;   /* NULL once it has ended */
    struct http_stream *stream;   /* NULL before it began and once it has gone */
    struct buf target, headers;
    struct buf held;    /* from the server, not written yet */
    struct buf written; /* the write under way */
    struct buf content_type;
    msec_t written_at;
    struct pool *pool;
    uint64_t asked; /* a bit for each server */
    int server;     /* the one asked last */
    msec_t asked_at;
    int http; /* the status of the server's answer; 0: none came */
    enum live_end end;
};

static void release(struct passage *passage)
{
    if (passage->source != NULL || passage->stream != NULL)
        return;
    live_limit_release(&passage->gateway->app->process->live_limit, passage->service->name,
                       passage->end);
    list_remove(&passage->link);
    buf_free(&passage->target);
    buf_free(&passage->headers);
    buf_free(&passage->held);
    buf_free(&passage->written);
    buf_free(&passage->content_type);
    free(passage);
}

/* Towards the client */

static void flush(struct passage *passage)
{
    if (passage->stream == NULL || !http_stream_is_ready(passage->stream))
        return;
    if (passage->held.len > 0) {
        struct buf spare = passage->written;
        passage->written = passage->held;
        passage->held = spare;
        buf_reset(&passage->held);
        struct str bytes = buf_str(&passage->written);
        passage->written_at = clock_monotonic();
        http_stream_write(passage->stream, &bytes, 1);
    } else if (passage->source == NULL) {
        http_stream_end(passage->stream, STR(""));
    }
}

static void on_ready(void *arg)
{
    struct passage *passage = arg;
    buf_reset(&passage->written);
    flush(passage);
    if (passage->source != NULL)
        http_source_resume(passage->source);
}

static void on_gone(void *arg)
{
    struct passage *passage = arg;
    bool is_stalled = passage->written.len > 0 &&
                      clock_monotonic() - passage->written_at >= (msec_t)HTTP_SLOW_SECONDS * 1000;
    if (passage->end == LIVE_END_LEFT && is_stalled)
        passage->end = LIVE_END_STALLED;
    passage->stream = NULL;
    if (passage->source != NULL)
        http_source_close(passage->source);
    release(passage);
}

static void start_stream(struct passage *passage)
{
    static const struct http_stream_events events = {on_ready, on_gone};
    const struct http_response response = {.status = 200,
                                           .headers = {{"content-type", STR("text/event-stream")},
                                                       {"cache-control", STR("no-store")},
                                                       {"via", passing_via},
                                                       {"x-accel-buffering", STR("no")}}};
    passage->stream = http_stream_start(passage->request, &response, passage->gateway->app->loop,
                                        &events, passage);
    passage->request = NULL;
    traffic_count_answer(passage->gateway->app->process->gateway->traffic, passage->service,
                         SIDE_READS, response.status);
    if (passage->stream == NULL)
        http_source_close(passage->source);
}

/* What the server answered instead of a stream, or that none did. */
static void answer(struct passage *passage, enum status status)
{
    struct http_response response = {.status = passage->http,
                                     .headers = {{"content-type", buf_str(&passage->content_type)},
                                                 {"via", passing_via},
                                                 {"retry-after", STR("1")}},
                                     .body = buf_str(&passage->held)};
    struct traffic *traffic = passage->gateway->app->process->gateway->traffic;
    if (status != STATUS_OK) {
        traffic_count_refusal(traffic, passage->service, SIDE_READS, status);
        answer_status(passage->request, status, NULL);
    } else {
        traffic_count_answer(traffic, passage->service, SIDE_READS, passage->http);
        if (passage->http != status_info(STATUS_STARTING)->http)
            response.headers[2].name = NULL;
        http_reply(passage->request, &response);
    }
    passage->request = NULL;
}

/* From the server */

static bool ask(struct passage *passage);

static void on_head(void *arg, const struct http_answer_head *head)
{
    struct passage *passage = arg;
    passage->http = head->status;
    pool_note_answer(passage->pool, passage->server, passage->asked_at, clock_monotonic());
    buf_reset(&passage->content_type);
    buf_append_str(&passage->content_type, head->content_type);
    if (head->status == 200 && str_equal(head->content_type, STR("text/event-stream")))
        start_stream(passage);
}

static void on_bytes(void *arg, struct str bytes)
{
    struct passage *passage = arg;
    buf_append_str(&passage->held, bytes);
    flush(passage);
    if (passage->stream == NULL && passage->held.len > REFUSAL_MAX)
        http_source_close(passage->source);
    else if (passage->stream != NULL && passage->held.len > HELD_MAX)
        http_source_pause(passage->source);
}

/* Is another server worth asking? */
static bool may_ask_again(const struct passage *passage, enum status status)
{
    bool has_failed = status != STATUS_OK || passage->http == status_info(STATUS_STARTING)->http;
    return passage->request != NULL && status != STATUS_CANCELLED && has_failed;
}

/* Why we ourselves ended it, before the client had an answer. */
static enum status cancelled(const struct passage *passage)
{
    if (passage->end == LIVE_END_DISABLED)
        return STATUS_DISABLED;
    return passage->gateway->is_draining ? STATUS_DRAINING : STATUS_UPSTREAM_FAILED;
}

static enum pool_outcome outcome_of(enum status status)
{
    if (status == STATUS_CANCELLED)
        return POOL_GIVEN_UP;
    return status == STATUS_OK ? POOL_SUCCEEDED : POOL_FAILED;
}

static void on_end(void *arg, enum status status)
{
    struct passage *passage = arg;
    passage->source = NULL;
    pool_give_back(passage->pool, passage->server, outcome_of(status), passage->asked_at,
                   clock_monotonic());
    if (may_ask_again(passage, status) && ask(passage))
        return;
    if (passage->request != NULL)
        answer(passage, status == STATUS_CANCELLED ? cancelled(passage) : status);
    if (passage->end == LIVE_END_LEFT && passage->stream != NULL)
        passage->end = LIVE_END_UPSTREAM;
    flush(passage);
    release(passage);
}

/* False when no server is left. */
static bool ask(struct passage *passage)
{
    static const struct http_source_events events = {on_head, on_bytes, on_end};
    struct live_gateway *gateway = passage->gateway;
    const struct settings *settings = &gateway->app->process->settings;
    msec_t now = clock_monotonic();
    int server = pool_take(passage->pool, passage->asked, POOL_LEAST_BUSY, now);
    if (server == POOL_NONE)
        return false;
    passage->server = server;
    passage->asked |= UINT64_C(1) << server;
    passage->asked_at = now;
    passage->http = 0;
    buf_reset(&passage->held);
    passage->source = http_source_open(
        bank_peer(&gateway->bank, server),
        &(struct http_source_options){.target = buf_str(&passage->target),
                                      .headers = buf_str(&passage->headers),
                                      .connect_ms = settings->connect_timeout_ms,
                                      .head_ms = settings->try_timeout_ms,
                                      .silence_ms = settings->live_heartbeat_seconds * 1000 *
                                                    MISSED_HEARTBEATS},
        &events, passage);
    return true;
}

/* Coming */

static struct passage *passage_new(struct live_gateway *gateway, struct http_request *request,
                                   const struct service *service)
{
    struct passage *passage = mem_new(1, sizeof(*passage));
    *passage = (struct passage){
        .gateway = gateway,
        .service = service,
        .request = request,
        .pool = fleets_stream_pool(gateway->app->process->gateway->fleets, service)};
    buf_append_str(&passage->target, request->target);
    passing_write_request(request, &passage->headers);
    list_append(&gateway->streams, &passage->link);
    return passage;
}

void live_forward_request(struct live_gateway *gateway, struct http_request *request,
                          const struct service *service)
{
    struct process *process = gateway->app->process;
    enum status status = STATUS_OK;
    if (!toggles_is_on(process->gateway->toggles, service, SIDE_READS))
        status = STATUS_DISABLED;
    else if (gateway->is_draining)
        status = STATUS_DRAINING;
    else if (!live_limit_admit(&process->live_limit))
        status = STATUS_TOO_MANY_STREAMS;
    if (status != STATUS_OK) {
        traffic_count_refusal(process->gateway->traffic, service, SIDE_READS, status);
        answer_status(request, status, NULL);
        return;
    }
    struct passage *passage = passage_new(gateway, request, service);
    if (ask(passage))
        return;
    answer(passage, pool_members(passage->pool) == 0 ? STATUS_NO_SERVER : STATUS_BREAKER_OPEN);
    release(passage);
}

static void end(struct passage *passage, enum live_end why)
{
    passage->end = why;
    if (passage->stream != NULL)
        http_stream_end(passage->stream, STR(""));
    else
        http_source_close(passage->source);
}

void live_gateway_obey(void *gateway)
{
    struct live_gateway *obeying = gateway;
    const struct toggles *toggles = obeying->app->process->gateway->toggles;
    list_each (link, &obeying->streams) {
        struct passage *passage = container_of(link, struct passage, link);
        if (!toggles_is_on(toggles, passage->service, SIDE_READS))
            end(passage, LIVE_END_DISABLED);
    }
}

void live_gateway_drain(struct live_gateway *gateway)
{
    gateway->is_draining = true;
    list_each (link, &gateway->streams)
        end(container_of(link, struct passage, link), LIVE_END_DRAINING);
}

struct live_gateway *live_gateway_new(struct app *app)
{
    struct live_gateway *gateway = mem_new(1, sizeof(*gateway));
    gateway->app = app;
    list_init(&gateway->streams);
    bank_init(&gateway->bank, app->loop, fleets_of_side(app->process->gateway->fleets, SIDE_READS));
    return gateway;
}
