/* Which server of a fleet one compartment asks next. Shared by all loops, without a lock on the
 * way of a request that succeeds; a server's changes take one.
 *
 *   well ── failures ──► ejected ── its time is over ──► half-open ── a success ──► well, slowly
 *                           ▲                                │
 *                           └─────── a failure: longer ──────┘
 *
 * The last server that is well is never ejected. What was asked of a server before its last change
 * tells nothing of it any more. Pure: the time is passed in. */
#ifndef GUARD_FLEET_POOL_H
#define GUARD_FLEET_POOL_H

#include "guard/fleet/fleet.h"

enum { POOL_NONE = -1 };

enum pool_policy {
    POOL_BALANCED,  /* the least busy and the freshest */
    POOL_PRINCIPAL, /* the first is preferred, the others stand by */
};

struct pool_limits {
    enum pool_policy policy;
    unsigned failures_max;         /* in a row, before a server is ejected */
    unsigned window_min;           /* or half of so many at the least … */
    msec_t window;                 /* … in that time, which begins with a failure */
    msec_t ejection, ejection_max; /* times the how-manieth in a row; one that was back at its full
                                      weight begins at one again */
    msec_t lease;      /* how long one who tries a server for all may take before another may */
    msec_t slow_start; /* from a tenth of the weight to the whole */
};

enum pool_wish { POOL_LEAST_BUSY, POOL_FRESHEST };

/* OUTRUN: given up because another server, asked later, was faster; a failure when this one has
 * answered nothing, of this pool, since it was asked. GIVEN_UP tells nothing of the server. */
enum pool_outcome { POOL_SUCCEEDED, POOL_FAILED, POOL_GIVEN_UP, POOL_OUTRUN };

/* EJECTED and RETURNED come in turn: a half-open server that fails is still ejected. FAILOVER and
 * FAILBACK name the server that the principal policy prefers from now on; the next request finds
 * it out. */
enum pool_event { POOL_EJECTED, POOL_RETURNED, POOL_FAILOVER, POOL_FAILBACK };

/* In the thread that found it, outside the lock. */
typedef void pool_watch_fn(void *arg, int server, enum pool_event event);

struct pool; /* lifetime: the process's */

/* `service`: its bit in the fleet. `told` may be NULL. */
struct pool *pool_new(struct fleet *fleet, uint64_t service, struct pool_limits limits,
                      pool_watch_fn *told, void *arg);

/* The server to ask, counted as in flight there; none whose bit is in `asked`. First, when none has
 * been asked, a half-open one that nobody is trying; then those that are well (up and not ejected);
 * UNREADY and NEW ones; ejected ones; DOWN ones, of each of which one request at a time is tried.
 * Among equals the policy and the wish decide. POOL_NONE: no member is left, or all that are left
 * are down and being tried. */
int pool_take(struct pool *pool, uint64_t asked, enum pool_wish wish, msec_t now) must_check;

/* It is no longer in flight; `asked_at` is the `now` of its pool_take. */
void pool_give_back(struct pool *pool, int server, enum pool_outcome outcome, msec_t asked_at,
                    msec_t now);

/* In flight once more, to be given back as after pool_take: its answer is long. */
void pool_hold(struct pool *pool, int server);

/* It has answered, but is in flight yet: a stream has begun. Counts as a success. */
void pool_note_answer(struct pool *pool, int server, msec_t asked_at, msec_t now);

/* A bit for each server that it may ask; and for those of them that are not in `asked` and not
 * down. */
uint64_t pool_members(const struct pool *pool);
uint64_t pool_left(const struct pool *pool, uint64_t asked);

/* Not up, or ejected: asked for want of a better one only. */
bool pool_is_resting(const struct pool *pool, int server, msec_t now);

unsigned pool_in_flight(const struct pool *pool, int server);

/* How long its ejection lasts yet; 0: it is not ejected, or half-open. */
msec_t pool_ejected_for(const struct pool *pool, int server, msec_t now);

/* How long until one of its servers may be tried; 0: now. For Retry-After. */
msec_t pool_next_try(const struct pool *pool, msec_t now);

#endif
