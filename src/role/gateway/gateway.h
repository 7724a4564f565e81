/* What all loops of a bulkhead share. Each part says in its own header what it is. */
#ifndef ROLE_GATEWAY_GATEWAY_H
#define ROLE_GATEWAY_GATEWAY_H

#include "role/app.h"

/* Lifetime: the process's; made before any loop. */
struct gateway {
    struct journal *journal;
    struct traffic *traffic;
    struct toggles *toggles;
    struct fleets *fleets;
    struct compartments *compartments;
    struct discovery *discovery;
    struct trusted_proxies *trusted_proxies;
    struct rate_limit *rate_limit; /* NULL: there is none */
    struct fault_desk *fault_desk; /* NULL: FAULTS=off */
};

/* NULL, after logging why, when there is more than a gateway takes. */
struct gateway *gateway_new(struct process *process);

/* Everything that goes on beside the loops, which are there now. */
void gateway_start(struct gateway *gateway, struct process *process);

#endif
