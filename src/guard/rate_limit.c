#include "guard/rate_limit.h"

#include <stdatomic.h>

#include "guard/keyed_hash.h"

enum { SETS = 8192, WAYS = 8, TAG_BITS = 16 };

/* A bucket: in the upper 48 bits the microsecond at which it is full, 0 at first; below it the part
 * of the client's hash that tells it from others of its set. */
struct rate_limit {
    uint64_t seed[2];
    int64_t interval; /* from one token to the next */
    int64_t depth;    /* how far ahead of now the instant may lie before a request */
    _Atomic uint64_t buckets[SETS][WAYS];
};

struct rate_limit *rate_limit_new(unsigned per_second, unsigned burst, const uint64_t seed[2])
{
    assert(per_second >= 1 && per_second <= 1000000 && burst >= 1);
    struct rate_limit *limit = mem_new(1, sizeof(*limit));
    memcpy(limit->seed, seed, sizeof(limit->seed));
    limit->interval = (1000000 + per_second - 1) / per_second;
    limit->depth = limit->interval * (burst - 1);
    return limit;
}

void rate_limit_free(struct rate_limit **limit)
{
    free(*limit);
    *limit = NULL;
}

static int64_t full_at(uint64_t bucket)
{
    return (int64_t)(bucket >> TAG_BITS);
}

static bool is_of(uint64_t bucket, uint64_t tag)
{
    return (bucket & ((1 << TAG_BITS) - 1)) == tag;
}

/* The client's bucket or, where there is none, the one that is full first; and what it held. */
static _Atomic uint64_t *find(_Atomic uint64_t *set, uint64_t tag, uint64_t *held_out)
{
    _Atomic uint64_t *found = NULL;
    *held_out = UINT64_MAX;
    for (int way = 0; way < WAYS; way++) {
        uint64_t held = atomic_load_explicit(&set[way], memory_order_relaxed);
        bool is_own = is_of(held, tag);
        if (is_own || full_at(held) < full_at(*held_out)) {
            found = &set[way];
            *held_out = held;
        }
        if (is_own)
            break;
    }
    return found;
}

int64_t rate_limit_take(struct rate_limit *limit, struct str client, int64_t now)
{
    uint64_t hash = keyed_hash(limit->seed, client);
    uint64_t tag = hash & ((1 << TAG_BITS) - 1), held, next;
    _Atomic uint64_t *set = limit->buckets[(hash >> TAG_BITS) % SETS], *bucket;
    do {
        bucket = find(set, tag, &held);
        int64_t full = is_of(held, tag) && full_at(held) > now ? full_at(held) : now;
        if (full - now > limit->depth)
            return full - now - limit->depth;
        next = (uint64_t)(full + limit->interval) << TAG_BITS | tag;
    } while (!atomic_compare_exchange_weak_explicit(bucket, &held, next, memory_order_relaxed,
                                                    memory_order_relaxed));
    return 0;
}
