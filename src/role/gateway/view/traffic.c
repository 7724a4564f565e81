#include "role/gateway/view/traffic.h"

#include "role/gateway/side.h"

enum { CLASSES = 6 }; /* of HTTP statuses, by their first digit */

struct counts {
    struct metric *answers[CLASSES]; /* NULL: none is given */
    struct metric *extras[TRAFFIC_EXTRA_COUNT];
    _Atomic(struct metric *) refusals[STATUS_COUNT]; /* NULL before the first */
};

struct traffic {
    const struct model *model;
    struct metrics *metrics;
    struct counts (*counts)[SIDE_COUNT]; /* by the service's place in the model; then of none */
};

static struct counts *counts_of(const struct traffic *traffic, const struct service *service,
                                enum side side)
{
    size_t place = service == NULL ? traffic->model->service_count
                                   : (size_t)(service - traffic->model->services);
    return &traffic->counts[place][side];
}

/* Opening */

struct family {
    enum metric_kind kind;
    const char *name, *help;
};

/* `more`: a label behind those of the compartment, or empty. */
static struct metric *register_one(const struct traffic *traffic, const struct family *family,
                                   const struct service *service, enum side side, const char *more)
{
    struct buf labels = {0};
    buf_printf(&labels, "service=\"%s\",side=\"%s\"%s", service == NULL ? "" : service->name,
               service == NULL ? "" : side_name(side), more);
    struct metric *metric =
        metric_get(traffic->metrics, family->kind, family->name, family->help, labels.ptr);
    buf_free(&labels);
    return metric;
}

static void register_compartment(const struct traffic *traffic, const struct service *service,
                                 enum side side)
{
    static const struct family answers = {METRIC_KIND_COUNTER, "mamparo_gateway_requests_total",
                                          "Requests by the class of what their clients got"};
    static const struct family extras[TRAFFIC_EXTRA_COUNT] = {
        {METRIC_KIND_COUNTER, "mamparo_gateway_retries_total",
         "Requests asked again of another server"},
        {METRIC_KIND_COUNTER, "mamparo_gateway_hedges_total",
         "Requests asked of a second server before the first had answered"},
    };
    static const char *const codes[CLASSES] = {
        [2] = ",code=\"2xx\"", [3] = ",code=\"3xx\"", [4] = ",code=\"4xx\"", [5] = ",code=\"5xx\""};
    struct counts *counts = counts_of(traffic, service, side);
    for (size_t i = 0; i < CLASSES; i++)
        if (codes[i] != NULL)
            counts->answers[i] = register_one(traffic, &answers, service, side, codes[i]);
    for (size_t i = 0; i < TRAFFIC_EXTRA_COUNT; i++)
        counts->extras[i] = register_one(traffic, &extras[i], service, side, "");
}

struct traffic *traffic_new(const struct model *model, struct metrics *metrics)
{
    struct traffic *traffic = mem_new(1, sizeof(*traffic));
    *traffic = (struct traffic){.model = model, .metrics = metrics};
    traffic->counts = mem_new(model->service_count + 1, sizeof(*traffic->counts));
    for (size_t i = 0; i < model->service_count; i++)
        for (enum side side = 0; side < SIDE_COUNT; side++)
            register_compartment(traffic, &model->services[i], side);
    return traffic;
}

/* Counting */

void traffic_count_answer(struct traffic *traffic, const struct service *service, enum side side,
                          int http)
{
    struct metric *const *answers = counts_of(traffic, service, side)->answers;
    int class = http / 100;
    if (class >= 0 && class < CLASSES && answers[class] != NULL)
        metric_add(answers[class], 1);
}

/* Two loops that come first at once are given the same one. */
static struct metric *refusals_of(struct traffic *traffic, const struct service *service,
                                  enum side side, enum status status)
{
    static const struct family family = {METRIC_KIND_COUNTER, "mamparo_gateway_refusals_total",
                                         "Requests the gateway refused"};
    _Atomic(struct metric *) *place = &counts_of(traffic, service, side)->refusals[status];
    struct metric *metric = atomic_load(place);
    if (metric == NULL) {
        struct buf reason = {0};
        buf_printf(&reason, ",reason=\"%s\"", status_info(status)->reason);
        metric = register_one(traffic, &family, service, side, reason.ptr);
        buf_free(&reason);
        atomic_store(place, metric);
    }
    return metric;
}

void traffic_count_refusal(struct traffic *traffic, const struct service *service, enum side side,
                           enum status status)
{
    metric_add(refusals_of(traffic, service, side, status), 1);
    traffic_count_answer(traffic, service, side, status_info(status)->http);
}

void traffic_count_extra(struct traffic *traffic, const struct service *service, enum side side,
                         enum traffic_extra extra)
{
    metric_add(counts_of(traffic, service, side)->extras[extra], 1);
}

/* Reading */

void traffic_write_members(const struct traffic *traffic, const struct service *service,
                           enum side side, struct buf *out)
{
    struct counts *counts = counts_of(traffic, service, side);
    const char *comma = "";
    int64_t requests = 0;
    for (size_t i = 0; i < CLASSES; i++)
        requests += counts->answers[i] == NULL ? 0 : metric_read(counts->answers[i]);
    buf_printf(out, "\"requests\":%lld,\"retries\":%lld,\"hedges\":%lld,\"refusals\":{",
               (long long)requests, (long long)metric_read(counts->extras[TRAFFIC_RETRY]),
               (long long)metric_read(counts->extras[TRAFFIC_HEDGE]));
    for (size_t i = 0; i < countof(counts->refusals); i++) {
        const struct metric *metric = atomic_load(&counts->refusals[i]);
        if (metric == NULL)
            continue;
        buf_printf(out, "%s\"%s\":%lld", comma, status_info(i)->reason,
                   (long long)metric_read(metric));
        comma = ",";
    }
    buf_append_char(out, '}');
}
