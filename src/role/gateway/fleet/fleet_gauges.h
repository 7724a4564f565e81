/* A fleet's servers for people and for Prometheus: which of them are up, and how far a reader says
 * that it is behind. The gauge of a server that left is no longer shown. */
#ifndef ROLE_GATEWAY_FLEET_FLEET_GAUGES_H
#define ROLE_GATEWAY_FLEET_FLEET_GAUGES_H

#include "base/metric.h"
#include "guard/fleet/fleet.h"
#include "role/gateway/switch/toggle.h"

/* One side's. Zeroed but for the first three; measured by one thread. */
struct fleet_gauges {
    struct fleet *fleet;
    enum side side;
    struct metrics *metrics;
    struct fleet_gauge {
        unsigned generation;
        struct metric *up, *lag; /* NULL while the slot is empty; lag: of readers */
    } gauges[FLEET_MAX];
};

void fleet_gauges_measure(struct fleet_gauges *gauges);

/* [{"server":"10.0.0.7:8000","state":"up"},…], with "lag_ms" of a reader that is up. */
void fleet_gauges_write(const struct fleet_gauges *gauges, struct buf *out);

#endif
