/* Counters, gauges and histograms, registered by name and labels, written as Prometheus text.
 *
 * Registering takes a lock and belongs at start; counting is one relaxed atomic addition. All of
 * it lives as long as the process. */
#ifndef BASE_METRIC_H
#define BASE_METRIC_H

#include <stdatomic.h>

#include "base/buf.h"

enum metric_kind { METRIC_KIND_COUNTER, METRIC_KIND_GAUGE, METRIC_KIND_HISTOGRAM };

enum { METRIC_BUCKETS = 14 };

struct metric {
    const char *name;
    const char *help;
    char *labels; /* `route="entries",code="2xx"`, or empty */
    enum metric_kind kind;
    _Atomic int64_t value;                   /* a histogram's sum, in microseconds */
    _Atomic int64_t buckets[METRIC_BUCKETS]; /* not cumulative */
    atomic_bool is_hidden;
    struct metric *next;
};

struct metrics; /* the registry */

struct metrics *metrics_new(void);

/* The metric of that name and those labels, made at the first call. `name` and `help` are
 * literals; `labels` is copied. */
struct metric *metric_get(struct metrics *metrics, enum metric_kind kind, const char *name,
                          const char *help, const char *labels);

static inline void metric_add(struct metric *metric, int64_t amount)
{
    atomic_fetch_add_explicit(&metric->value, amount, memory_order_relaxed);
}

static inline void metric_set(struct metric *metric, int64_t value)
{
    atomic_store_explicit(&metric->value, value, memory_order_relaxed);
}

/* A gauge of something that is gone is not written, until it is shown again. */
static inline void metric_hide(struct metric *metric)
{
    atomic_store_explicit(&metric->is_hidden, true, memory_order_relaxed);
}

static inline void metric_show(struct metric *metric, int64_t value)
{
    metric_set(metric, value);
    atomic_store_explicit(&metric->is_hidden, false, memory_order_relaxed);
}

static inline int64_t metric_read(const struct metric *metric)
{
    return atomic_load_explicit(&metric->value, memory_order_relaxed);
}

/* One more observation, in microseconds; buckets go from 100 us to 10 s. */
void metric_observe(struct metric *metric, int64_t microseconds);

/* Everything registered, in the text format 0.0.4, metrics of one name together. */
void metrics_write(struct metrics *metrics, struct buf *out);

#endif
