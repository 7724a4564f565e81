/* A compartment's servers, as its pool sees them now, for GET /bulkhead/services/. */
#ifndef ROLE_GATEWAY_VIEW_SERVERS_VIEW_H
#define ROLE_GATEWAY_VIEW_SERVERS_VIEW_H

#include "base/buf.h"
#include "guard/fleet/pool.h"

/* [{"server":"10.0.0.7:8000","state":"up","ejected_for_ms":0,"in_flight":1,"lag_ms":12},…];
 * `service`: its bit in the fleet. */
void servers_view_write(struct fleet *fleet, const struct pool *pool, uint64_t service, msec_t now,
                        struct buf *out);

/* Is that the name of a server of this fleet, and service? */
bool servers_view_has(struct fleet *fleet, uint64_t service, struct str name);

#endif
