/* What the requests of one compartment have found of one server, and what follows from it: a part
 * of guard/fleet/pool, which draws the picture.
 *
 * Atomics are for any thread; changes of the server's standing are made under the pool's lock. */
#ifndef GUARD_FLEET_CONDUCT_H
#define GUARD_FLEET_CONDUCT_H

#include <stdatomic.h>

#include "guard/fleet/pool.h"

/* Lifetime: the pool's. Zeroed, the server is well. */
struct conduct {
    _Atomic msec_t ejected_until; /* 0: it is not */
    _Atomic msec_t lease_until;   /* somebody tries it for all */
    _Atomic msec_t returned_at;   /* 0: it was never ejected */
    _Atomic msec_t answered_at;
    _Atomic uint64_t answers;  /* since ever */
    _Atomic unsigned failures; /* in a row */

    msec_t changed_at;  /* what was asked until then tells nothing */
    unsigned ejections; /* in a row */
    struct {
        msec_t began;
        uint64_t answers;  /* when it began */
        unsigned failures; /* 0: there is no window */
    } window;
};

bool conduct_is_ejected(const struct conduct *conduct); /* or half-open */
msec_t conduct_ejected_for(const struct conduct *conduct, msec_t now);
msec_t conduct_leased_for(const struct conduct *conduct, msec_t now);

/* A lease is known by the instant at which it was taken. */
bool conduct_take_lease(struct conduct *conduct, msec_t length, msec_t now) must_check;
void conduct_end_lease(struct conduct *conduct, msec_t length, msec_t taken_at);

/* An answer, whatever follows from it. */
void conduct_note_answer(struct conduct *conduct, msec_t now);

/* Under the lock: may it return, after an answer to what was asked then? */
bool conduct_may_return(const struct conduct *conduct, msec_t asked_at);
void conduct_return(struct conduct *conduct, msec_t now);

/* Under the lock. True: it should be ejected, or ejected for longer. */
bool conduct_note_failure(struct conduct *conduct, const struct pool_limits *limits,
                          msec_t asked_at, msec_t now) must_check;
void conduct_eject(struct conduct *conduct, const struct pool_limits *limits, msec_t now);

/* Under the lock: another server, or one that came up again. */
void conduct_begin(struct conduct *conduct, msec_t now);

#endif
