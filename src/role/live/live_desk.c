#include "role/live/live_desk.h"

#include "base/clock.h"
#include "cqrs/replication/live/live_feed.h"
#include "io/http/http_stream.h"
#include "role/http/answer.h"
#include "role/live/live_request.h"

enum { TICK_MS = 1000 };

/* One service's clients. */
struct tap {
    struct live_listener listener;
    struct live_desk *desk;
    struct live_feed *feed;
    const struct service *service;
    struct list clients;
};

struct live_desk {
    struct app *app;
    struct tap *taps; /* by the service's place in the model */
    struct loop_timer tick;
    bool is_draining;
};

/* Lifetime: from its request until the stream is gone. */
struct client {
    struct list link;
    struct tap *tap;
    struct http_stream *stream;
    struct buf sought; /* the id it comes behind; empty: now */
    bool is_placed, has_missed;
    struct live_place place;
    struct live_filter filter;
    struct live_batch sent; /* the write under way */
    struct buf words;       /* likewise, where it is none of the ring's */
    msec_t written_at;
    enum live_end end; /* what it comes to, should it end now */
};

/* Writing */

static void let_go(struct client *client)
{
    while (client->sent.count > 0)
        live_event_release(client->sent.events[--client->sent.count]);
    buf_reset(&client->words);
}

static void send_words(struct client *client)
{
    struct str words = buf_str(&client->words);
    client->written_at = clock_monotonic();
    http_stream_write(client->stream, &words, 1);
}

static void send_events(struct client *client)
{
    const struct live_batch *sent = &client->sent;
    struct str pieces[LIVE_BATCH_MAX];
    static_assert(countof(pieces) <= HTTP_STREAM_PIECES_MAX, "a batch is one write");
    for (size_t i = 0; i < sent->count; i++)
        pieces[i] = (struct str){sent->events[i]->text, sent->events[i]->len};
    client->written_at = clock_monotonic();
    http_stream_write(client->stream, pieces, sent->count);
}

/* Which it is told where that is still possible. */
static void drop(struct client *client, enum live_end end)
{
    static const char *const details[LIVE_END_COUNT] = {
        [LIVE_END_SLOW] = "more was waiting for this client than is kept",
        [LIVE_END_DRAINING] = "the server is about to stop: come back for what follows",
    };
    if (client->end != LIVE_END_LEFT)
        return;
    client->end = end;
    if (http_stream_is_ready(client->stream)) {
        let_go(client);
        buf_printf(&client->words,
                   "event: dropped\ndata: {\"reason\":\"%s\",\"detail\":\"%s\"}\n\n",
                   live_ends[end], details[end]);
    }
    http_stream_end(client->stream, buf_str(&client->words));
}

/* From here on it is told everything; what was before it has to read. */
static const char reset[] =
    "event: reset\ndata: {\"reason\":\"gone\",\"detail\":\"what came after the last event is no "
    "longer here: read again what you show\"}\n";

/* Until the feed knows where it begins there is nothing to be told; it then calls. */
static void seek(struct client *client)
{
    enum live_finding finding =
        live_feed_find(client->tap->feed, buf_str(&client->sought), &client->place);
    if (finding == LIVE_STARTING)
        return;
    client->is_placed = true;
    live_feed_write_id(client->tap->feed, &client->place, &client->words);
    if (finding == LIVE_UNKNOWN || client->has_missed)
        buf_append_text(&client->words, reset);
    buf_append_char(&client->words, '\n');
    send_words(client);
}

static void seek_anew(struct client *client)
{
    client->is_placed = false;
    client->has_missed = true;
    buf_reset(&client->sought);
    seek(client);
}

/* Sends whatever there is, unless a write is under way: then it is called again behind it. */
static void serve(struct client *client)
{
    struct live_feed *feed = client->tap->feed;
    if (!http_stream_is_ready(client->stream))
        return;
    let_go(client);
    if (!client->is_placed) {
        seek(client);
        return;
    }
    enum live_finding finding =
        live_feed_take(feed, &client->place, &client->filter, &client->sent);
    if (client->sent.count > 0)
        send_events(client);
    else if (finding == LIVE_UNKNOWN && live_feed_has_restarted(feed, &client->place))
        seek_anew(client);
    else if (finding == LIVE_UNKNOWN)
        drop(client, LIVE_END_SLOW);
}

static void on_ready(void *arg)
{
    serve(arg);
}

static void on_gone(void *arg)
{
    struct client *client = arg;
    struct process *process = client->tap->desk->app->process;
    bool was_writing = client->sent.count > 0 || client->words.len > 0;
    if (client->end == LIVE_END_LEFT && was_writing &&
        clock_monotonic() - client->written_at >= (msec_t)HTTP_SLOW_SECONDS * 1000)
        client->end = LIVE_END_STALLED;
    live_limit_release(&process->live_limit, client->tap->service->name, client->end);
    list_remove(&client->link);
    let_go(client);
    free(client->filter.kinds);
    buf_free(&client->words);
    buf_free(&client->sought);
    free(client);
}

static void on_news(struct live_listener *listener)
{
    struct tap *tap = container_of(listener, struct tap, listener);
    list_each (link, &tap->clients)
        serve(container_of(link, struct client, link));
}

/* A sign of life, with the place: where the filter lets little through, the last event that the
 * client has seen may be long gone. */
static void beat(struct client *client, msec_t quiet_ms)
{
    if (!http_stream_is_ready(client->stream) || clock_monotonic() - client->written_at < quiet_ms)
        return;
    let_go(client);
    buf_append_text(&client->words, ": heartbeat\n");
    if (client->is_placed)
        live_feed_write_id(client->tap->feed, &client->place, &client->words);
    buf_append_char(&client->words, '\n');
    send_words(client);
}

static void on_tick(struct loop_timer *timer)
{
    struct live_desk *desk = container_of(timer, struct live_desk, tick);
    const struct process *process = desk->app->process;
    msec_t quiet_ms = process->settings.live_heartbeat_seconds * 1000;
    for (size_t i = 0; i < process->model->service_count; i++)
        list_each (link, &desk->taps[i].clients)
            beat(container_of(link, struct client, link), quiet_ms);
    loop_timer_start(desk->app->loop, timer, TICK_MS);
}

/* Coming */

static void start(struct tap *tap, struct http_request *request, struct live_request *wanted)
{
    static const struct http_stream_events events = {on_ready, on_gone};
    const struct http_response response = {.status = 200,
                                           .headers = {{"content-type", STR("text/event-stream")},
                                                       {"cache-control", STR("no-store")},
                                                       {"x-accel-buffering", STR("no")}}};
    struct app *app = tap->desk->app;
    struct client *client = mem_new(1, sizeof(*client));
    *client =
        (struct client){.tap = tap, .filter = wanted->filter, .sought = wanted->last_event_id};
    *wanted = (struct live_request){0};
    list_init(&client->link);
    client->stream = http_stream_start(request, &response, app->loop, &events, client);
    if (client->stream == NULL) {
        on_gone(client);
        return;
    }
    list_append(&tap->clients, &client->link);
    buf_append_text(&client->words, "retry: 1000\n\n");
    send_words(client);
}

void live_desk_handle(struct live_desk *desk, struct http_request *request,
                      const struct service *service)
{
    struct tap *tap = &desk->taps[service - desk->app->process->model->services];
    struct str header = http_request_header(request, STR("last-event-id"));
    struct live_request wanted;
    struct problem problem = {0};
    if (!live_request_parse(service, request->query, header, &wanted, &problem))
        answer_problem(request, &problem);
    else if (desk->is_draining)
        answer_status(request, STATUS_DRAINING, NULL);
    else if (!live_limit_admit(&desk->app->process->live_limit))
        answer_status(request, STATUS_TOO_MANY_STREAMS, NULL);
    else
        start(tap, request, &wanted);
    live_request_free(&wanted);
    problem_free(&problem);
}

void live_desk_drain(struct live_desk *desk)
{
    desk->is_draining = true;
    for (size_t i = 0; i < desk->app->process->model->service_count; i++)
        list_each (link, &desk->taps[i].clients)
            drop(container_of(link, struct client, link), LIVE_END_DRAINING);
}

struct live_desk *live_desk_new(struct app *app)
{
    const struct model *model = app->process->model;
    struct live_desk *desk = mem_new(1, sizeof(*desk));
    desk->app = app;
    desk->taps = mem_new(model->service_count, sizeof(*desk->taps));
    for (size_t i = 0; i < model->service_count; i++) {
        struct tap *tap = &desk->taps[i];
        *tap = (struct tap){.listener = {.loop = app->loop, .on_news = on_news},
                            .desk = desk,
                            .feed = app->process->live_feeds[i],
                            .service = &model->services[i]};
        list_init(&tap->clients);
        live_feed_listen(tap->feed, &tap->listener);
    }
    desk->tick.fired = on_tick;
    loop_timer_start(app->loop, &desk->tick, TICK_MS);
    return desk;
}

/* The process's feeds */

struct live_feed **live_feeds_new(struct process *process)
{
    const struct settings *settings = &process->settings;
    const struct model *model = process->model;
    struct live_feed **feeds = mem_new(model->service_count, sizeof(struct live_feed *));
    struct live_feed_options options = {.model = model,
                                        .database_url = settings->read_database_url,
                                        .redis_url = settings->redis_url,
                                        .bytes_max = (size_t)settings->live_buffer_bytes,
                                        .is_migrated = &process->is_migrated};
    for (size_t i = 0; i < model->service_count; i++)
        feeds[i] = live_feed_new(&options, &model->services[i]);
    return feeds;
}

void live_feeds_start(const struct process *process)
{
    for (size_t i = 0; i < process->model->service_count; i++)
        live_feed_start(process->live_feeds[i]);
}
