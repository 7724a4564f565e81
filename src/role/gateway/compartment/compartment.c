#include "role/gateway/compartment/compartment.h"

#include "base/clock.h"
#include "guard/retry_after.h"

/* A fifth of the requests may be retried, what was saved up before among them: as many at once as
 * one server may have had in flight when it died. */
static const struct budget_limits retry_limits = {.share = 180, .least = 3, .burst = 64};
static const struct budget_limits hedge_limits = {.share = 50, .least = 0, .burst = 32};

enum { HEDGE_FLOOR_MS = 20 };

struct compartments {
    const struct model *model;
    struct compartment (*all)[SIDE_COUNT]; /* by the service's place in the model */
};

/* What is in line is bounded by the hard limit: while the adaptive one is low, they wait. */
static void apply(struct compartment *compartment)
{
    unsigned cap = atomic_load(&compartment->cap);
    unsigned queue = compartment->queue > 0 ? (unsigned)compartment->queue : 2 * cap;
    unsigned limit = compartment->is_adaptive ? aimd_limit(&compartment->adaptive) : cap;
    admission_set(&compartment->admission, limit, queue);
}

static void set_cap(struct compartment *compartment, unsigned cap)
{
    atomic_store(&compartment->cap, cap);
    aimd_set_cap(&compartment->adaptive, cap);
    apply(compartment);
}

void compartments_set_readers(struct compartments *compartments, const struct service *service,
                              unsigned count)
{
    struct compartment *reads = compartments_find(compartments, service, SIDE_READS);
    set_cap(reads, reads->each * (count > 0 ? count : 1));
}

void compartment_count(struct compartment *compartment, msec_t now)
{
    budget_deposit(&compartment->retries, now);
    budget_deposit(&compartment->hedges, now);
}

msec_t compartment_hedge_after(struct compartment *compartment, msec_t now)
{
    msec_t p95 = latency_p95(&compartment->latency, now) / 1000;
    return p95 < HEDGE_FLOOR_MS ? HEDGE_FLOOR_MS : p95;
}

void compartment_note(struct compartment *compartment, int64_t microseconds, msec_t now)
{
    latency_note(&compartment->latency, microseconds, now);
    if (!compartment->is_adaptive)
        return;
    const struct admission *admission = &compartment->admission;
    aimd_note(&compartment->adaptive, microseconds, admission_in_flight(admission), now);
    if (aimd_limit(&compartment->adaptive) != atomic_load(&admission->limit))
        apply(compartment);
}

int64_t compartment_retry_after(struct compartment *compartment, const struct pool *pool,
                                enum status status, msec_t now)
{
    const struct admission *admission = &compartment->admission;
    unsigned ahead = admission_in_flight(admission) + admission_waiting(admission);
    switch (status) {
    case STATUS_QUEUE_FULL:
    case STATUS_QUEUE_TIMEOUT:
        return retry_after_queue(ahead, atomic_load(&admission->limit),
                                 latency_p95(&compartment->latency, now));
    case STATUS_BREAKER_OPEN:
    case STATUS_NO_SERVER:
        return retry_after_instant(now + pool_next_try(pool, now), now);
    case STATUS_UPSTREAM_FAILED:
    case STATUS_TIMEOUT:
    case STATUS_UNCERTAIN:
        return retry_after_instant(now + latency_p95(&compartment->latency, now) / 1000, now);
    default:
        return 0;
    }
}

void compartments_measure(struct compartments *compartments)
{
    for (size_t i = 0; i < compartments->model->service_count * SIDE_COUNT; i++) {
        struct compartment *compartment = &compartments->all[i / SIDE_COUNT][i % SIDE_COUNT];
        const struct admission *admission = &compartment->admission;
        metric_set(compartment->in_flight, admission_in_flight(admission));
        metric_set(compartment->waiting, admission_waiting(admission));
        metric_set(compartment->limit, atomic_load(&admission->limit));
    }
}

/* Making them */

static void register_gauges(struct compartment *compartment, struct metrics *metrics,
                            const char *service, enum side side)
{
    struct buf labels = {0};
    buf_printf(&labels, "service=\"%s\",side=\"%s\"", service, side_name(side));
    compartment->in_flight = metric_get(metrics, METRIC_KIND_GAUGE, "mamparo_gateway_in_flight",
                                        "Requests of a compartment under way", labels.ptr);
    compartment->waiting = metric_get(metrics, METRIC_KIND_GAUGE, "mamparo_gateway_waiting",
                                      "Requests that wait for their turn", labels.ptr);
    compartment->limit = metric_get(metrics, METRIC_KIND_GAUGE, "mamparo_gateway_in_flight_limit",
                                    "Requests that may be under way at once", labels.ptr);
    buf_free(&labels);
}

static void open(struct compartment *compartment, const struct settings *settings, enum side side)
{
    msec_t now = clock_monotonic();
    bool is_reads = side == SIDE_READS;
    unsigned each = (unsigned)(is_reads ? settings->read_in_flight : settings->write_in_flight);
    compartment->each = each;
    compartment->queue = is_reads ? settings->read_queue : settings->write_queue;
    compartment->is_adaptive = strcmp(settings->adaptive_limit, "on") == 0;
    budget_init(&compartment->retries, retry_limits, now);
    budget_init(&compartment->hedges, hedge_limits, now);
    aimd_init(&compartment->adaptive, each, now);
    admission_init(&compartment->admission, each, 0);
    admission_init(&compartment->last_resort, (unsigned)settings->write_in_flight / 4, 0);
    set_cap(compartment, each);
}

struct compartments *compartments_new(const struct process *process)
{
    const struct model *model = process->model;
    struct compartments *compartments = mem_new(1, sizeof(*compartments));
    compartments->model = model;
    compartments->all = mem_new(model->service_count, sizeof(*compartments->all));
    for (size_t i = 0; i < model->service_count; i++)
        for (enum side side = SIDE_READS; side < SIDE_COUNT; side++) {
            struct compartment *compartment = &compartments->all[i][side];
            open(compartment, &process->settings, side);
            register_gauges(compartment, process->metrics, model->services[i].name, side);
        }
    return compartments;
}

struct compartment *compartments_find(struct compartments *compartments,
                                      const struct service *service, enum side side)
{
    return &compartments->all[service - compartments->model->services][side];
}
