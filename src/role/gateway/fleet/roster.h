/* One side's servers as its sources name them, made one set: who is new joins the fleet, and whom
 * nobody names any more leaves it.
 *
 *   an entry of the list → the addresses of its name ─┐
 *   Redis → who registered there ─────────────────────┴→ the fleet
 *
 * A server that the list names serves what the list says; registering adds nothing to that. For any
 * thread; the time is passed in. */
#ifndef ROLE_GATEWAY_FLEET_ROSTER_H
#define ROLE_GATEWAY_FLEET_ROSTER_H

#include "guard/fleet/fleet.h"

/* The source of those who registered; the others are the list's entries. */
enum { ROSTER_REGISTERED = 0 };

struct roster_found {
    char name[FLEET_NAME_SIZE]; /* a numeric address */
    uint64_t services;          /* none: it is left out */
};

struct roster; /* lifetime: the process's */

struct roster *roster_new(struct fleet *fleet, size_t sources);

/* Whom a source names now, in place of whom it named before. False when the fleet has no place for
 * all of them. */
bool roster_set(struct roster *roster, size_t source, const struct roster_found *found,
                size_t count, msec_t now);

#endif
