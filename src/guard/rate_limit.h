/* How often each of many clients may ask: a token bucket for each, as the generic cell rate
 * algorithm (ITU-T I.371, virtual scheduling) keeps it, in one number: the instant at which the
 * bucket will be full again.
 *
 * The buckets are a fixed table of atomics in sets of eight. A full bucket is as good as none, so
 * its place is free. Where a set has no free place, the bucket that is nearest to full makes room:
 * whoever invents keys gains fresh buckets and locks nobody out. Any thread may
 * ask, without a lock. Pure: the time is passed in. */
#ifndef GUARD_RATE_LIMIT_H
#define GUARD_RATE_LIMIT_H

#include "base/str.h"

struct rate_limit; /* lifetime: the process's */

/* `burst` requests at once, and `per_second` in the long run, at most a million. `seed` must be
 * nobody's to guess. */
struct rate_limit *rate_limit_new(unsigned per_second, unsigned burst, const uint64_t seed[2]);

void rate_limit_free(struct rate_limit **limit);

/* In how many microseconds a request of `client` may come; 0: it may now, and is counted. Of the
 * client nothing is kept but some bits of a keyed hash. `now` is in microseconds, at least 0. */
int64_t rate_limit_take(struct rate_limit *limit, struct str client, int64_t now) must_check;

#endif
