#include "role/gateway/forward.h"

#include <stdio.h>

#include "base/clock.h"
#include "guard/fresh_way.h"
#include "role/gateway/bank.h"
#include "role/gateway/passing.h"
#include "role/gateway/refusal.h"
#include "role/http/read_after_cookie.h"

struct gateway {
    struct app *app;
    struct bank banks[SIDE_COUNT];
    struct compartment (*compartments)[SIDE_COUNT]; /* by the service's place in the model */
    struct compartment *last_resorts;               /* likewise: its reads at the write side */
    bool keeps_cookies;
    struct refusals *refusals;
    struct metric *retries;
};

/* Lifetime: a request's. */
struct forward {
    struct gateway *gateway;
    struct http_request *request;
    const struct service *service;
    struct compartment *compartment;
    enum side side;
    bool is_old, has_key;
    bool is_fresh;         /* it has a Read-After */
    struct fresh_way way;  /* then */
    bool was_stale;        /* the server that answered last was behind */
    int64_t stale_seconds; /* that it may help to wait, by a server that was behind; 0: none was */
    bool may_have_arrived; /* at some server; a later one that is not there changes nothing of it */
    struct buf target, headers, body;
    const char *method; /* a literal */
    msec_t give_up_at;
    int server, tried; /* indexes; the one asked now and the one before */
    unsigned attempts;
};

static struct bank *bank_of(const struct forward *forward)
{
    return &forward->gateway->banks[forward->way.has_turned ? SIDE_WRITES : forward->side];
}

/* The way, in the order of its steps */

static bool ask(struct forward *forward);

static void finish(struct forward *forward)
{
    fresh_way_fini(&forward->way);
    compartment_release(forward->compartment);
    buf_free(&forward->target);
    buf_free(&forward->headers);
    buf_free(&forward->body);
    free(forward);
}

static void fail(struct forward *forward, enum status status)
{
    if (forward->side == SIDE_WRITES && forward->may_have_arrived)
        status = STATUS_UNCERTAIN;
    if (forward->stale_seconds > 0) {
        char seconds[24];
        snprintf(seconds, sizeof(seconds), "%lld", (long long)forward->stale_seconds);
        http_answer_with(forward->request, "retry-after", str_from(seconds));
        status = STATUS_TOO_STALE;
    }
    refusal_answer(forward->gateway->refusals, forward->request, status,
                   forward->is_old ? &forward->side : NULL);
    finish(forward);
}

static void pass_on(struct forward *forward, const struct http_outcome *outcome)
{
    const struct http_answer_head *head = &outcome->head;
    struct http_response response;
    passing_read_answer(head, &response);
    response.body = outcome->body;
    if (forward->side == SIDE_WRITES && forward->gateway->keeps_cookies)
        read_after_cookie_set(forward->request, forward->service, head->read_after);
    http_reply(forward->request, &response);
    finish(forward);
}

/* A server that was behind says so, and how long it may help to wait. */
static void note_stale(struct forward *forward, const struct http_outcome *outcome)
{
    char mistake[JSON_MISTAKE_SIZE];
    struct json *body = json_parse(outcome->body, mistake);
    const char *too_stale = status_info(STATUS_TOO_STALE)->reason;
    int64_t seconds;
    forward->was_stale = body != NULL && json_kind(body) == JSON_KIND_OBJECT &&
                         str_equal(json_find_text(body, "reason", STR("")), str_from(too_stale));
    if (forward->was_stale && str_to_int64(outcome->head.retry_after, &seconds) && seconds > 0 &&
        (forward->stale_seconds == 0 || seconds < forward->stale_seconds))
        forward->stale_seconds = seconds;
    if (body != NULL)
        json_free(&body);
}

static bool has_failed(const struct http_outcome *outcome)
{
    int http = outcome->head.status;
    return outcome->status != STATUS_OK || http == 502 || http == 503;
}

/* Is another server worth asking, after this? */
static bool may_ask_again(const struct forward *forward, enum status status)
{
    if (clock_monotonic() >= forward->give_up_at)
        return false;
    if (forward->is_fresh && (status != STATUS_OK || forward->was_stale))
        return true;
    if (forward->attempts > 1 || bank_of(forward)->pool.count < 2)
        return false;
    /* A write that has a key is done once, however often it is asked for. */
    return forward->side == SIDE_READS || status == STATUS_NO_SERVER ||
           (forward->has_key && status != STATUS_OK);
}

/* What the answer tells of its server. */
static void note_answer(struct forward *forward, const struct http_outcome *outcome)
{
    struct bank *bank = bank_of(forward);
    if (status_info(outcome->status)->repeat == REPEAT_UNKNOWN)
        forward->may_have_arrived = true;
    if (outcome->status == STATUS_OK) {
        pool_succeeded(&bank->pool, forward->server);
        bank_note_lag(bank, forward->server, outcome->head.replica_lag_ms);
    } else {
        pool_failed(&bank->pool, forward->server, clock_monotonic());
    }
    forward->was_stale = false;
    if (forward->is_fresh && outcome->status == STATUS_OK && outcome->head.status == 503)
        note_stale(forward, outcome);
}

static void on_answer(void *arg, const struct http_outcome *outcome)
{
    struct forward *forward = arg;
    if (outcome->status == STATUS_CANCELLED) {
        pool_given_up(&bank_of(forward)->pool, forward->server);
        fail(forward, STATUS_CANCELLED);
        return;
    }
    note_answer(forward, outcome);
    bool is_failure = has_failed(outcome);
    if (is_failure && may_ask_again(forward, outcome->status) && ask(forward))
        metric_add(forward->gateway->retries, 1);
    else if (outcome->status != STATUS_OK || (is_failure && forward->stale_seconds > 0))
        fail(forward, outcome->status);
    else
        pass_on(forward, outcome);
}

/* How long one server may take. A read that has others to ask leaves time for them. */
static msec_t patience_of(const struct forward *forward, msec_t left)
{
    msec_t most = forward->gateway->app->process->settings.try_timeout_ms;
    if (forward->side == SIDE_WRITES)
        return left;
    if (forward->is_fresh && !forward->way.has_turned && left / 2 < most)
        most = left / 2;
    return left < most ? left : most;
}

/* False when no server is left. */
static bool ask(struct forward *forward)
{
    msec_t now = clock_monotonic();
    int server = forward->is_fresh ? fresh_way_next(&forward->way, now)
                                   : pool_take(&bank_of(forward)->pool, forward->tried, now);
    if (server == POOL_NONE)
        return false;
    msec_t patience = patience_of(forward, forward->give_up_at - now);
    forward->server = forward->tried = server;
    forward->attempts++;
    msec_t connect_ms = forward->gateway->app->process->settings.connect_timeout_ms;
    http_call(bank_of(forward)->peers[server],
              &(struct http_call_options){.method = str_from(forward->method),
                                          .target = buf_str(&forward->target),
                                          .headers = buf_str(&forward->headers),
                                          .body = buf_str(&forward->body),
                                          .connect_ms = connect_ms,
                                          .total_ms = patience > 0 ? patience : 1},
              on_answer, forward);
    return true;
}

/* What the client says that it has seen, itself or in a cookie. */
static void take_seen(struct forward *forward)
{
    struct http_request *request = forward->request;
    struct str value = http_request_header(request, STR("read-after"));
    struct buf kept = {0};
    if (value.ptr == NULL && forward->gateway->keeps_cookies) {
        read_after_cookie_take(request, forward->service, &kept);
        value = buf_str(&kept);
    }
    forward->is_fresh = value.ptr != NULL;
    if (forward->is_fresh)
        buf_printf(&forward->headers, "read-after: " STR_FMT "\r\n", STR_ARG(value));
    buf_free(&kept);
}

/* HEAD is asked as GET: the length must be known, and h2o leaves the body out. */
static const char *method_of(const struct http_request *request)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
    for (size_t i = 0; i < countof(methods); i++)
        if (str_equal(request->method, str_from(methods[i])))
            return methods[i];
    return methods[0];
}

/* What is switched off is not asked by way of reads either. */
static void plan_fresh_way(struct forward *forward, const struct forward_options *options)
{
    struct gateway *gateway = forward->gateway;
    struct process *process = gateway->app->process;
    bool has_last_resort =
        options->is_record && toggles_is_on(process->toggles, options->service, SIDE_WRITES);
    fresh_way_init(&forward->way, &gateway->banks[SIDE_READS].pool,
                   has_last_resort ? &gateway->banks[SIDE_WRITES].pool : NULL,
                   &gateway->last_resorts[options->service - process->model->services]);
}

void forward_request(struct gateway *gateway, struct http_request *request,
                     const struct forward_options *options)
{
    struct process *process = gateway->app->process;
    size_t place = (size_t)(options->service - process->model->services);
    struct compartment *compartment = &gateway->compartments[place][options->side];
    enum status status = STATUS_DISABLED;
    if (toggles_is_on(process->toggles, options->service, options->side))
        status = compartment_admit(compartment);
    if (status != STATUS_OK) {
        refusal_answer(gateway->refusals, request, status, options->is_old ? &options->side : NULL);
        return;
    }
    struct forward *forward = mem_new(1, sizeof(*forward));
    *forward = (struct forward){
        .gateway = gateway,
        .request = request,
        .service = options->service,
        .compartment = compartment,
        .side = options->side,
        .is_old = options->is_old,
        .has_key = http_request_header(request, STR("idempotency-key")).len > 0,
        .method = method_of(request),
        .give_up_at = clock_monotonic() + process->settings.request_timeout_ms,
        .tried = POOL_NONE,
    };
    buf_append_str(&forward->target, options->target);
    buf_append_str(&forward->body, request->body);
    passing_write_request(request, &forward->headers);
    if (options->side == SIDE_READS)
        take_seen(forward);
    if (forward->is_fresh)
        plan_fresh_way(forward, options);
    bool is_asked = ask(forward);
    assert(is_asked); /* a gateway without servers does not start */
}

/* Opening */

struct gateway *gateway_new(struct app *app)
{
    struct process *process = app->process;
    const struct settings *settings = &process->settings;
    struct gateway *gateway = mem_new(1, sizeof(*gateway));
    gateway->app = app;
    gateway->refusals = refusals_new(process->metrics);
    gateway->retries =
        metric_get(process->metrics, METRIC_KIND_COUNTER, "mamparo_gateway_retries_total",
                   "Requests asked again of another server", "");
    if (!bank_open(&gateway->banks[SIDE_READS], app, settings->read_servers) ||
        !bank_open(&gateway->banks[SIDE_WRITES], app, settings->write_servers)) {
        free(gateway);
        return NULL;
    }
    bank_register_lags(&gateway->banks[SIDE_READS], process->metrics);
    unsigned reads = (unsigned)settings->read_in_flight * gateway->banks[SIDE_READS].pool.count;
    gateway->keeps_cookies = strcmp(settings->read_after_cookie, "on") == 0;
    gateway->last_resorts = mem_new(process->model->service_count, sizeof(struct compartment));
    gateway->compartments = mem_new(process->model->service_count, sizeof(*gateway->compartments));
    for (size_t i = 0; i < process->model->service_count; i++) {
        gateway->compartments[i][SIDE_READS].limit = compartment_share(reads, process->app_count);
        gateway->compartments[i][SIDE_WRITES].limit =
            compartment_share((unsigned)settings->write_in_flight, process->app_count);
        gateway->last_resorts[i].limit =
            compartment_share((unsigned)settings->write_in_flight / 4, process->app_count);
    }
    return gateway;
}
