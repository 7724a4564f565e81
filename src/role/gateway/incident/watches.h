/* What fleets and pools tell those who watch them, noted as incidents. A pool's or a fleet's `arg`
 * is one of these, which lives as long as it. */
#ifndef ROLE_GATEWAY_INCIDENT_WATCHES_H
#define ROLE_GATEWAY_INCIDENT_WATCHES_H

#include "guard/fleet/pool.h"
#include "role/gateway/incident/journal.h"

/* fleet_watch(fleet, incidents_note_fleet, &watched): hung in before the first server joins. */
struct watched_fleet {
    struct journal *journal;
    struct fleet *fleet;
    enum side side;
};
void incidents_note_fleet(void *arg, int index, enum fleet_state before, enum fleet_state after);

/* pool_new(…, incidents_note_pool, &watched). */
struct watched_pool {
    struct watched_fleet *fleet;
    const struct service *service;
};
void incidents_note_pool(void *arg, int server, enum pool_event event);

#endif
