/* The active checks: a thread with a loop of its own asks every server of both fleets GET /ping,
 * again and again, and notes what it finds.
 *
 *   a slot is taken by another server → open it, ask at once
 *        → its answer, or none in time → note → the next one after the interval ± 20 %, or sooner,
 *                                               while what was found is not yet held to be so
 *
 * So a server that falls silent is known to be down after 1.2 intervals and two timeouts at most.
 */
#ifndef ROLE_GATEWAY_FLEET_MONITOR_H
#define ROLE_GATEWAY_FLEET_MONITOR_H

#include "guard/fleet/fleet.h"
#include "role/gateway/incident/journal.h"

struct monitor_options {
    struct fleet *fleets[SIDE_COUNT];
    msec_t interval, timeout;
    struct journal *journal; /* told of every sign of a server */
};

/* It lasts as long as the process. */
void monitor_start(const struct monitor_options *options);

#endif
