/* The way of a read that must not be stale, from server to server: every reader once, the freshest
 * first; then, where that can answer, the write side, which has everything. A reader that rests is
 * passed over for the write side, and asked where there is none.
 *
 * Reads that end up there have a compartment of their own, so that they cannot crowd out writes.
 * Pure: the time is passed in. */
#ifndef GUARD_FLEET_FRESH_WAY_H
#define GUARD_FLEET_FRESH_WAY_H

#include "guard/admission.h"
#include "guard/fleet/pool.h"

/* Lifetime: a request's. Zeroed, it has nothing to give back. */
struct fresh_way {
    struct pool *pool;        /* whose servers are being asked */
    struct pool *last_resort; /* the write side's; NULL: there is none, or no other any more */
    struct admission *room;   /* at the last resort */
    uint64_t asked;           /* of the pool, a bit for each */
    bool has_turned;          /* to the last resort */
};

/* `last_resort` may be NULL. */
void fresh_way_init(struct fresh_way *way, struct pool *readers, struct pool *last_resort,
                    struct admission *room);

/* The index of the server to ask, counted as in flight; POOL_NONE when none is left. */
int fresh_way_next(struct fresh_way *way, msec_t now) must_check;

/* The way is over. */
void fresh_way_fini(struct fresh_way *way);

#endif
