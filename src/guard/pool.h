/* Which of several like servers is asked next: the least busy of those that answer.
 *
 * A server that fails several times in a row rests; when all rest, the one that is due first is
 * asked all the same, so a pool is never empty by its own decision. Pure: the time is passed in. */
#ifndef GUARD_POOL_H
#define GUARD_POOL_H

#include "base/base.h"

enum { POOL_MAX = 64 };

struct pool_limits {
    unsigned max_failures; /* in a row, before a server rests */
    msec_t rest;           /* for the first time; longer with each further one, up to 12 times */
};

struct pool {
    struct pool_limits limits;
    unsigned count;
    unsigned turn; /* among the equally busy */
    struct pool_member {
        unsigned in_flight;
        unsigned failures; /* in a row */
        unsigned rests;    /* in a row, without a success between */
        msec_t rests_until;
        msec_t lag, lag_until; /* how far it said it is behind, and how long that is believed */
    } members[POOL_MAX];
};

void pool_init(struct pool *pool, unsigned count, struct pool_limits limits);

/* The index of the server to ask, counted as in flight; not `but` unless there is no other. -1
 * when the pool has none. */
enum { POOL_NONE = -1 };
int pool_take(struct pool *pool, int but, msec_t now) must_check;

/* How far a server says it is behind. Believed for a second, so that none is left out for ever. */
void pool_tell_lag(struct pool *pool, int index, msec_t lag, msec_t now);

/* Among those whose bit is not in `asked`: one that answers before one that rests, the freshest of
 * those, the least busy of the equally fresh. Not counted as in flight before pool_ask. */
int pool_find_freshest(const struct pool *pool, uint64_t asked, msec_t now) must_check;
void pool_ask(struct pool *pool, int index);

/* The asking is over. */
void pool_succeeded(struct pool *pool, int index);
void pool_failed(struct pool *pool, int index, msec_t now);

/* It was given up, which tells nothing of the server. */
void pool_given_up(struct pool *pool, int index);

bool pool_is_resting(const struct pool *pool, int index, msec_t now);

#endif
