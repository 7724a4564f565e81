#include "base/metric.h"

#include <pthread.h>

struct metrics {
    pthread_mutex_t lock;
    struct metric *first;
    struct metric **end;
};

/* Upper bounds in microseconds; the last bucket takes what is above them all. */
static const int64_t bounds[METRIC_BUCKETS - 1] = {
    100, 250, 500, 1000, 2500, 5000, 10000, 25000, 100000, 250000, 500000, 1000000, 10000000};

struct metrics *metrics_new(void)
{
    struct metrics *metrics = mem_new(1, sizeof(*metrics));
    pthread_mutex_init(&metrics->lock, NULL);
    metrics->end = &metrics->first;
    return metrics;
}

struct metric *metric_get(struct metrics *metrics, enum metric_kind kind, const char *name,
                          const char *help, const char *labels)
{
    pthread_mutex_lock(&metrics->lock);
    struct metric *metric = metrics->first;
    while (metric != NULL &&
           (strcmp(metric->name, name) != 0 || strcmp(metric->labels, labels) != 0))
        metric = metric->next;
    if (metric == NULL) {
        metric = mem_new(1, sizeof(*metric));
        metric->name = name;
        metric->help = help;
        metric->labels = mem_copy(labels, strlen(labels));
        metric->kind = kind;
        *metrics->end = metric;
        metrics->end = &metric->next;
    }
    pthread_mutex_unlock(&metrics->lock);
    return metric;
}

void metric_observe(struct metric *metric, int64_t microseconds)
{
    size_t bucket = 0;
    while (bucket < countof(bounds) && microseconds > bounds[bucket])
        bucket++;
    atomic_fetch_add_explicit(&metric->buckets[bucket], 1, memory_order_relaxed);
    metric_add(metric, microseconds);
}

static void write_line(const struct metric *metric, const char *suffix, int64_t value,
                       struct buf *out)
{
    const char *open = metric->labels[0] != '\0' ? "{" : "";
    const char *close = metric->labels[0] != '\0' ? "}" : "";
    buf_printf(out, "%s%s%s%s%s %lld\n", metric->name, suffix, open, metric->labels, close,
               (long long)value);
}

static void write_histogram(const struct metric *metric, struct buf *out)
{
    const char *comma = metric->labels[0] != '\0' ? "," : "";
    int64_t total = 0;
    for (size_t i = 0; i < METRIC_BUCKETS; i++) {
        total += atomic_load_explicit(&metric->buckets[i], memory_order_relaxed);
        buf_printf(out, "%s_bucket{%s%sle=\"", metric->name, metric->labels, comma);
        if (i < countof(bounds))
            buf_printf(out, "%g\"} %lld\n", (double)bounds[i] / 1e6, (long long)total);
        else
            buf_printf(out, "+Inf\"} %lld\n", (long long)total);
    }
    const char *open = metric->labels[0] != '\0' ? "{" : "";
    const char *close = metric->labels[0] != '\0' ? "}" : "";
    buf_printf(out, "%s_sum%s%s%s %.6f\n", metric->name, open, metric->labels, close,
               (double)metric_read(metric) / 1e6);
    write_line(metric, "_count", total, out);
}

static bool is_first_of_its_name(const struct metrics *metrics, const struct metric *metric)
{
    const struct metric *other = metrics->first;
    while (strcmp(other->name, metric->name) != 0)
        other = other->next;
    return other == metric;
}

static void write_family(const struct metric *first, struct buf *out)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", first->name, first->help, first->name,
               types[first->kind]);
    for (const struct metric *metric = first; metric != NULL; metric = metric->next) {
        if (strcmp(metric->name, first->name) != 0 ||
            atomic_load_explicit(&metric->is_hidden, memory_order_relaxed))
            continue;
        if (metric->kind == METRIC_KIND_HISTOGRAM)
            write_histogram(metric, out);
        else
            write_line(metric, "", metric_read(metric), out);
    }
}

void metrics_write(struct metrics *metrics, struct buf *out)
{
    pthread_mutex_lock(&metrics->lock);
    for (const struct metric *metric = metrics->first; metric != NULL; metric = metric->next)
        if (is_first_of_its_name(metrics, metric))
            write_family(metric, out);
    pthread_mutex_unlock(&metrics->lock);
}
