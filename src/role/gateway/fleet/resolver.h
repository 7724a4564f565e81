/* A thread that looks up the names in the lists of servers, again and again: a name with several
 * addresses is several servers, and an address that it no longer has is one less. One that cannot
 * be looked up keeps the addresses that it had. */
#ifndef ROLE_GATEWAY_FLEET_RESOLVER_H
#define ROLE_GATEWAY_FLEET_RESOLVER_H

#include "role/gateway/fleet/roster.h"

struct resolver; /* lifetime: the process's */

struct resolver *resolver_new(msec_t period);

/* Before it is started. `place` lives as long as the process. */
struct resolver_entry {
    struct str place; /* "host:port" */
    struct roster *roster;
    size_t source;
    uint64_t services;
};
void resolver_add(struct resolver *resolver, const struct resolver_entry *entry);

void resolver_start(struct resolver *resolver);

/* Has every name been looked up once? */
bool resolver_has_looked(const struct resolver *resolver);

#endif
