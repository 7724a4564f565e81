/* Who registered in Redis, with patience: one that is no longer there leaves only after Redis has
 * been without it for a while, so that an emptied Redis empties no gateway. Who really went is
 * found out by the monitor long before. Pure: the time is passed in. */
#ifndef ROLE_GATEWAY_FLEET_REGISTERED_H
#define ROLE_GATEWAY_FLEET_REGISTERED_H

#include "role/gateway/fleet/roster.h"

/* Longer than a server takes to be there again: its wait for a Redis that is silent, and a period.
 */
enum { REGISTERED_HOLD_MS = 4500 };

/* One side's. Zeroed at first. */
struct registered {
    struct roster_found found[FLEET_MAX];
    msec_t heard_at[FLEET_MAX];
    size_t count;
};

/* It is there now. False when there is no place for it. */
bool registered_hear(struct registered *registered, const struct roster_found *found, msec_t now);

/* Redis was read, and all that it has was heard. */
void registered_drop_silent(struct registered *registered, msec_t now);

/* Redis could not be read: nobody is missing. */
void registered_excuse(struct registered *registered, msec_t now);

#endif
