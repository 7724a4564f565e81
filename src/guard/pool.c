#include "guard/pool.h"

enum {
    RESTS_MAX = 12,
    LAG_BELIEVED_MS = 1000,
    LAG_STEP_MS = 100, /* servers that differ by less are equally fresh */
};

void pool_init(struct pool *pool, unsigned count, struct pool_limits limits)
{
    assert(count <= POOL_MAX);
    *pool = (struct pool){.limits = limits, .count = count};
}

bool pool_is_resting(const struct pool *pool, int index, msec_t now)
{
    return now < pool->members[index].rests_until;
}

/* Is `a` to be asked rather than `b`? */
static bool is_better(const struct pool *pool, int a, int b, msec_t now)
{
    const struct pool_member *one = &pool->members[a], *other = &pool->members[b];
    bool one_rests = pool_is_resting(pool, a, now), other_rests = pool_is_resting(pool, b, now);
    if (one_rests != other_rests)
        return other_rests;
    if (one_rests)
        return one->rests_until < other->rests_until;
    return one->in_flight < other->in_flight;
}

int pool_take(struct pool *pool, int but, msec_t now)
{
    int best = POOL_NONE;
    for (unsigned i = 0; i < pool->count; i++) {
        int index = (int)((pool->turn + i) % pool->count);
        if (index == but && pool->count > 1)
            continue;
        if (best == POOL_NONE || is_better(pool, index, best, now))
            best = index;
    }
    if (best == POOL_NONE)
        return POOL_NONE;
    pool_ask(pool, best);
    return best;
}

void pool_ask(struct pool *pool, int index)
{
    pool->turn = (unsigned)index + 1;
    pool->members[index].in_flight++;
}

void pool_tell_lag(struct pool *pool, int index, msec_t lag, msec_t now)
{
    pool->members[index].lag = lag;
    pool->members[index].lag_until = now + LAG_BELIEVED_MS;
}

static msec_t lag_of(const struct pool *pool, int index, msec_t now)
{
    const struct pool_member *member = &pool->members[index];
    return now < member->lag_until ? member->lag / LAG_STEP_MS : 0;
}

static bool is_fresher(const struct pool *pool, int a, int b, msec_t now)
{
    bool one_rests = pool_is_resting(pool, a, now), other_rests = pool_is_resting(pool, b, now);
    msec_t one = lag_of(pool, a, now), other = lag_of(pool, b, now);
    return one_rests == other_rests && one != other ? one < other : is_better(pool, a, b, now);
}

int pool_find_freshest(const struct pool *pool, uint64_t asked, msec_t now)
{
    int best = POOL_NONE;
    for (unsigned i = 0; i < pool->count; i++) {
        int index = (int)((pool->turn + i) % pool->count);
        if ((asked >> index & 1) == 0 && (best == POOL_NONE || is_fresher(pool, index, best, now)))
            best = index;
    }
    return best;
}

static struct pool_member *give_back(struct pool *pool, int index)
{
    struct pool_member *member = &pool->members[index];
    assert(member->in_flight > 0);
    member->in_flight--;
    return member;
}

void pool_succeeded(struct pool *pool, int index)
{
    struct pool_member *member = give_back(pool, index);
    member->failures = member->rests = 0;
    member->rests_until = 0;
}

void pool_given_up(struct pool *pool, int index)
{
    give_back(pool, index);
}

void pool_failed(struct pool *pool, int index, msec_t now)
{
    struct pool_member *member = give_back(pool, index);
    /* Those that were on their way when the rest began tell nothing new. */
    if (pool_is_resting(pool, index, now) || ++member->failures < pool->limits.max_failures)
        return;
    member->failures = 0;
    if (member->rests < RESTS_MAX)
        member->rests++;
    member->rests_until = now + pool->limits.rest * member->rests;
}
