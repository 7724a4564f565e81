/* The servers of both sides, and for each compartment the pool that says which of them it asks. */
#ifndef ROLE_GATEWAY_FLEETS_H
#define ROLE_GATEWAY_FLEETS_H

#include "guard/fleet/pool.h"
#include "role/app.h"
#include "role/gateway/switch/toggle.h"

struct fleets; /* lifetime: the process's */

/* Without servers, which discovery finds; what happens to them is noted in the gateway's journal.
 */
struct fleets *fleets_new(const struct process *process);

struct fleet *fleets_of_side(const struct fleets *fleets, enum side side);

struct pool *fleets_pool(const struct fleets *fleets, const struct service *service,
                         enum side side);

/* Of the service's live events, which last too long to be counted among its reads. */
struct pool *fleets_stream_pool(const struct fleets *fleets, const struct service *service);

#endif
