#include "role/live/live_limit.h"

#include <stdio.h>

#include "base/log.h"

const char *const live_ends[LIVE_END_COUNT] = {"left",     "slow",     "stalled",
                                               "upstream", "draining", "disabled"};

void live_limit_init(struct live_limit *limit, int64_t most, struct metrics *metrics)
{
    char labels[64];
    limit->most = most;
    limit->clients = metric_get(metrics, METRIC_KIND_GAUGE, "mamparo_live_clients",
                                "Clients that follow live events", "");
    for (size_t i = 0; i < LIVE_END_COUNT; i++) {
        snprintf(labels, sizeof(labels), "reason=\"%s\"", live_ends[i]);
        limit->ends[i] = metric_get(metrics, METRIC_KIND_COUNTER, "mamparo_live_ended_total",
                                    "Streams of live events that ended", labels);
    }
}

bool live_limit_admit(struct live_limit *limit)
{
    bool is_admitted = atomic_fetch_add(&limit->count, 1) < limit->most;
    if (is_admitted)
        metric_add(limit->clients, 1);
    else
        atomic_fetch_sub(&limit->count, 1);
    return is_admitted;
}

void live_limit_release(struct live_limit *limit, const char *service, enum live_end end)
{
    atomic_fetch_sub(&limit->count, 1);
    metric_add(limit->clients, -1);
    metric_add(limit->ends[end], 1);
    if (end == LIVE_END_SLOW || end == LIVE_END_STALLED)
        log_warn("live.dropped", log_text("service", service), log_text("reason", live_ends[end]));
}
