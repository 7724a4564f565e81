#include "role/forward.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "guard/compartment.h"
#include "guard/pool.h"
#include "io/http/http_client.h"
#include "role/http/answer.h"

/* Servers of one side, as this loop sees them. */
struct bank {
    struct pool pool;
    struct http_peer *peers[POOL_MAX];
    struct metric *lags[POOL_MAX]; /* of the readers */
};

struct gateway {
    struct app *app;
    struct bank banks[SIDE_COUNT];
    struct compartment (*compartments)[SIDE_COUNT]; /* by the service's place in the model */
    struct metric *refusals[STATUS_TIMEOUT + 1];
    struct metric *retries;
};

/* Lifetime: a request's. */
struct forward {
    struct gateway *gateway;
    struct http_request *request;
    struct compartment *compartment;
    enum side side;
    bool is_old, has_key;
    bool may_have_arrived; /* at some server; a later one that is not there changes nothing of it */
    struct buf target, headers, body;
    const char *method; /* a literal */
    msec_t give_up_at;
    int server, tried; /* indexes; the one asked now and the one before */
    unsigned attempts;
};

static struct bank *bank_of(const struct forward *forward)
{
    return &forward->gateway->banks[forward->side];
}

/* Refusing */

static void count_refusal(struct gateway *gateway, enum status status)
{
    char labels[64];
    if (gateway->refusals[status] == NULL) {
        snprintf(labels, sizeof(labels), "reason=\"%s\"", status_info(status)->reason);
        gateway->refusals[status] =
            metric_get(gateway->app->process->metrics, METRIC_KIND_COUNTER,
                       "mamparo_gateway_refusals_total", "Requests the gateway refused", labels);
    }
    metric_add(gateway->refusals[status], 1);
}

/* The former system said only this much of a switched-off side. */
static void answer_old_disabled(struct http_request *request, enum side side)
{
    static const char *const names[] = {"GET", "POST"};
    const struct status_info *info = status_info(STATUS_DISABLED);
    struct buf body = {0};
    buf_printf(&body,
               "{\"error\":\"%s service is currently unavailable\",\"status\":\"disabled\","
               "\"type\":\"about:blank\",\"title\":\"%s\",\"reason\":\"%s\",\"detail\":\"%s\"}",
               names[side], status_http_phrase(info->http), info->reason, info->sentence);
    http_reply(request, &(struct http_response){
                            .status = info->http,
                            .headers = {{"content-type", STR("application/problem+json")}},
                            .body = buf_str(&body)});
    buf_free(&body);
}

static void refuse(struct gateway *gateway, struct http_request *request, enum status status,
                   const struct forward_options *options)
{
    struct problem problem = {0};
    count_refusal(gateway, status);
    problem_set(&problem, status, "%s", status_info(status)->sentence);
    if (options->is_old && status == STATUS_DISABLED)
        answer_old_disabled(request, options->side);
    else if (options->is_old)
        answer_old_problem(request, &problem, NULL, NULL);
    else
        answer_problem(request, &problem);
    problem_free(&problem);
}

/* The way, in the order of its steps */

static void ask(struct forward *forward);

static void finish(struct forward *forward)
{
    compartment_release(forward->compartment);
    buf_free(&forward->target);
    buf_free(&forward->headers);
    buf_free(&forward->body);
    free(forward);
}

static void fail(struct forward *forward, enum status status)
{
    struct forward_options options = {.side = forward->side, .is_old = forward->is_old};
    if (forward->side == SIDE_WRITES && forward->may_have_arrived)
        status = STATUS_UNCERTAIN;
    refuse(forward->gateway, forward->request, status, &options);
    finish(forward);
}

static void pass_on(struct forward *forward, const struct http_outcome *outcome)
{
    const struct http_answer_head *head = &outcome->head;
    struct http_response response = {.status = head->status, .body = outcome->body};
    const struct http_header kept[] = {{"content-type", head->content_type},
                                       {"etag", head->etag},
                                       {"location", head->location},
                                       {"allow", head->allow},
                                       {"retry-after", head->retry_after},
                                       {"idempotent-replayed", head->replayed},
                                       {"replica-lag-ms", head->replica_lag_ms}};
    size_t count = 0;
    static_assert(countof(kept) <= HTTP_HEADERS_MAX, "there is room for each");
    for (size_t i = 0; i < countof(kept); i++)
        if (kept[i].value.len > 0)
            response.headers[count++] = kept[i];
    http_reply(forward->request, &response);
    finish(forward);
}

/* A replica says with every answer how far it is behind. */
static void note_lag(const struct forward *forward, struct str replica_lag_ms)
{
    int64_t lag;
    if (forward->side == SIDE_READS && str_to_int64(replica_lag_ms, &lag))
        metric_set(bank_of(forward)->lags[forward->server], lag);
}

/* Is another server worth asking, after this? */
static bool may_ask_again(const struct forward *forward, enum status status, int http)
{
    bool has_failed = status != STATUS_OK || http == 502 || http == 503 || http == 504;
    if (!has_failed || forward->attempts > 1 || bank_of(forward)->pool.count < 2 ||
        clock_monotonic() >= forward->give_up_at)
        return false;
    /* A write that has a key is done once, however often it is asked for. */
    return forward->side == SIDE_READS || status == STATUS_NO_SERVER ||
           (forward->has_key && status != STATUS_OK);
}

static void on_answer(void *arg, const struct http_outcome *outcome)
{
    struct forward *forward = arg;
    struct bank *bank = bank_of(forward);
    if (status_info(outcome->status)->repeat == REPEAT_UNKNOWN)
        forward->may_have_arrived = true;
    if (outcome->status == STATUS_OK)
        pool_succeeded(&bank->pool, forward->server);
    else
        pool_failed(&bank->pool, forward->server, clock_monotonic());
    if (outcome->status == STATUS_OK)
        note_lag(forward, outcome->head.replica_lag_ms);
    if (may_ask_again(forward, outcome->status, outcome->head.status)) {
        metric_add(forward->gateway->retries, 1);
        ask(forward);
    } else if (outcome->status != STATUS_OK) {
        fail(forward, outcome->status);
    } else {
        pass_on(forward, outcome);
    }
}

static void ask(struct forward *forward)
{
    const struct settings *settings = &forward->gateway->app->process->settings;
    struct bank *bank = bank_of(forward);
    msec_t now = clock_monotonic();
    msec_t left = forward->give_up_at - now;
    forward->server = pool_take(&bank->pool, forward->tried, now);
    assert(forward->server != POOL_NONE); /* a gateway without servers does not start */
    forward->tried = forward->server;
    forward->attempts++;
    if (forward->side == SIDE_READS && left > settings->try_timeout_ms)
        left = settings->try_timeout_ms;
    http_call(bank->peers[forward->server],
              &(struct http_call_options){.method = str_from(forward->method),
                                          .target = buf_str(&forward->target),
                                          .headers = buf_str(&forward->headers),
                                          .body = buf_str(&forward->body),
                                          .connect_ms = settings->connect_timeout_ms,
                                          .total_ms = left > 0 ? left : 1},
              on_answer, forward);
}

/* What a server behind needs to know; everything else ends here. */
static void copy_headers(const struct http_request *request, struct buf *out)
{
    static const struct {
        struct str name;
    } passed[] = {
        {STR("accept")},           {STR("content-type")},    {STR("if-match")},
        {STR("if-none-match")},    {STR("idempotency-key")}, {STR("read-after")},
        {STR("traceparent")},      {STR("x-actor")},         {STR("x-causation-id")},
        {STR("x-correlation-id")}, {STR("x-request-id")},
    };
    for (size_t i = 0; i < countof(passed); i++) {
        struct str value = http_request_header(request, passed[i].name);
        /* An empty one too: what it is worth is for the server behind to say. */
        if (value.ptr != NULL)
            buf_printf(out, STR_FMT ": " STR_FMT "\r\n", STR_ARG(passed[i].name), STR_ARG(value));
    }
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
        refuse(gateway, request, status, options);
        return;
    }
    struct forward *forward = mem_new(1, sizeof(*forward));
    *forward = (struct forward){
        .gateway = gateway,
        .request = request,
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
    copy_headers(request, &forward->headers);
    ask(forward);
}

/* Opening */

static bool open_bank(struct bank *bank, struct app *app, const char *servers)
{
    static const struct pool_limits limits = {.max_failures = 3, .rest = 5000};
    struct str rest = str_from(servers);
    unsigned count = 0;
    while (rest.len > 0) {
        char why[256] = "there are more servers than a gateway takes";
        struct str place = str_trim(str_cut(&rest, ','));
        struct http_peer *peer = NULL;
        if (count < POOL_MAX)
            peer = http_peer_open(app->loop, place, why, sizeof(why));
        if (peer == NULL) {
            log_error("gateway.bad_server", log_text("why", why));
            return false;
        }
        bank->peers[count++] = peer;
    }
    pool_init(&bank->pool, count, limits);
    return count > 0;
}

static void register_lags(struct bank *bank, struct metrics *metrics)
{
    for (unsigned i = 0; i < bank->pool.count; i++) {
        struct buf labels = {0};
        buf_printf(&labels, "server=\"%s\"", http_peer_name(bank->peers[i]));
        bank->lags[i] =
            metric_get(metrics, METRIC_KIND_GAUGE, "mamparo_gateway_replica_lag_milliseconds",
                       "As the read server said with its last answer", labels.ptr);
        buf_free(&labels);
    }
}

struct gateway *gateway_new(struct app *app)
{
    struct process *process = app->process;
    const struct settings *settings = &process->settings;
    struct gateway *gateway = mem_new(1, sizeof(*gateway));
    gateway->app = app;
    gateway->retries =
        metric_get(process->metrics, METRIC_KIND_COUNTER, "mamparo_gateway_retries_total",
                   "Requests asked again of another server", "");
    if (!open_bank(&gateway->banks[SIDE_READS], app, settings->read_servers) ||
        !open_bank(&gateway->banks[SIDE_WRITES], app, settings->write_servers)) {
        free(gateway);
        return NULL;
    }
    register_lags(&gateway->banks[SIDE_READS], process->metrics);
    unsigned reads = (unsigned)settings->read_in_flight * gateway->banks[SIDE_READS].pool.count;
    gateway->compartments = mem_new(process->model->service_count, sizeof(*gateway->compartments));
    for (size_t i = 0; i < process->model->service_count; i++) {
        gateway->compartments[i][SIDE_READS].limit = compartment_share(reads, process->app_count);
        gateway->compartments[i][SIDE_WRITES].limit =
            compartment_share((unsigned)settings->write_in_flight, process->app_count);
    }
    return gateway;
}
