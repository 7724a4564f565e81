#include "guard/fleet/pool.h"

#include <pthread.h>

#include "guard/fleet/conduct.h"

enum {
    LAG_STEP_MS = 100,   /* servers that differ by less are equally fresh */
    STEPS_A_SECOND = 10, /* a second behind counts as much as one more in flight to each */
    WEIGHT_MAX = 1000,
    WEIGHT_MIN = 100,
    SCORE_SCALE = 1000000,
};

struct member {
    _Alignas(CACHE_LINE) _Atomic unsigned in_flight;
    _Atomic unsigned generation; /* of the server, and since when it is up, … */
    _Atomic msec_t up_since;     /* … that `conduct` is about */
    struct conduct conduct;
};

struct pool {
    struct fleet *fleet;
    uint64_t service;
    struct pool_limits limits;
    pool_watch_fn *told;
    void *arg;
    pthread_mutex_t lock;
    _Atomic int principal;                      /* as the watch knows it */
    _Alignas(CACHE_LINE) _Atomic unsigned turn; /* among equals */
    struct member members[FLEET_MAX];
};

struct pool *pool_new(struct fleet *fleet, uint64_t service, struct pool_limits limits,
                      pool_watch_fn *told, void *arg)
{
    struct pool *pool = mem_new_shared(sizeof(*pool));
    pool->fleet = fleet;
    pool->service = service;
    pool->limits = limits;
    pool->told = told;
    pool->arg = arg;
    pool->principal = POOL_NONE;
    pthread_mutex_init(&pool->lock, NULL);
    return pool;
}

static void tell(const struct pool *pool, int server, enum pool_event event)
{
    if (pool->told != NULL)
        pool->told(pool->arg, server, event);
}

/* Standing */

uint64_t pool_members(const struct pool *pool)
{
    return fleet_members(pool->fleet, pool->service);
}

/* In the order in which they are asked. */
enum standing {
    HALF_OPEN, /* and nobody tries it */
    WELL,
    UNSURE, /* UNREADY or NEW */
    EJECTED,
    DOWN, /* and nobody tries it */
    OUT,  /* of the question */
};

uint64_t pool_left(const struct pool *pool, uint64_t asked)
{
    uint64_t left = pool_members(pool) & ~asked;
    for (uint64_t rest = left; rest != 0; rest &= rest - 1)
        if (fleet_state(pool->fleet, __builtin_ctzll(rest)) == FLEET_DOWN)
            left &= ~(rest & -rest);
    return left;
}

static enum standing standing_of(const struct pool *pool, int index, msec_t now)
{
    const struct conduct *conduct = &pool->members[index].conduct;
    enum fleet_state state = fleet_state(pool->fleet, index);
    bool is_tried = conduct_leased_for(conduct, now) > 0;
    if (state == FLEET_ABSENT)
        return OUT;
    if (state == FLEET_DOWN)
        return is_tried ? OUT : DOWN;
    if (!conduct_is_ejected(conduct))
        return state == FLEET_UP ? WELL : UNSURE;
    bool is_half_open = state == FLEET_UP && conduct_ejected_for(conduct, now) == 0;
    return is_half_open && !is_tried ? HALF_OPEN : EJECTED;
}

static bool has_other_that_is_well(const struct pool *pool, int index, msec_t now)
{
    uint64_t others = pool_members(pool) & ~(UINT64_C(1) << index);
    for (; others != 0; others &= others - 1)
        if (standing_of(pool, __builtin_ctzll(others), now) == WELL)
            return true;
    return false;
}

static bool is_same_server(const struct pool *pool, int index)
{
    return pool->members[index].generation == fleet_generation(pool->fleet, index);
}

static bool is_same_life(const struct pool *pool, int index)
{
    return is_same_server(pool, index) &&
           pool->members[index].up_since == fleet_up_since(pool->fleet, index);
}

/* Another server has the place, or it was down and has come up: what was found before is void. What
 * was found of a new one before its first check is not. */
static void begin_life(struct pool *pool, int index, msec_t now)
{
    struct member *member = &pool->members[index];
    pthread_mutex_lock(&pool->lock);
    bool is_over = !is_same_life(pool, index), is_same = is_same_server(pool, index);
    bool returns = is_over && is_same && conduct_is_ejected(&member->conduct);
    if (is_over && (!is_same || returns || member->up_since != 0))
        conduct_begin(&member->conduct, now);
    member->generation = fleet_generation(pool->fleet, index);
    member->up_since = fleet_up_since(pool->fleet, index);
    pthread_mutex_unlock(&pool->lock);
    if (returns)
        tell(pool, index, POOL_RETURNED);
}

/* Choosing */

struct candidate {
    int index;
    enum standing standing;
    uint64_t lag, score; /* in this order; the lower the better */
};

/* Since when it is up or back another thread has said, whose clock may be a little ahead. */
static uint64_t weight_of(const struct pool *pool, const struct member *member, msec_t now)
{
    msec_t up = member->up_since, returned = member->conduct.returned_at;
    msec_t since = up > returned ? up : returned;
    msec_t elapsed = now > since ? now - since : 0;
    if (since == 0 || elapsed >= pool->limits.slow_start)
        return WEIGHT_MAX;
    return (uint64_t)(WEIGHT_MIN + (WEIGHT_MAX - WEIGHT_MIN) * elapsed / pool->limits.slow_start);
}

static struct candidate candidate_of(const struct pool *pool, int index, enum pool_wish wish,
                                     msec_t now)
{
    const struct member *member = &pool->members[index];
    uint64_t lag = (uint64_t)fleet_lag(pool->fleet, index, now) / LAG_STEP_MS;
    struct candidate candidate = {.index = index, .standing = standing_of(pool, index, now)};
    if (wish == POOL_FRESHEST)
        candidate.lag = lag;
    if (pool->limits.policy == POOL_BALANCED)
        candidate.score = (pool_in_flight(pool, index) + UINT64_C(1)) * (STEPS_A_SECOND + lag) *
                          SCORE_SCALE / weight_of(pool, member, now);
    return candidate;
}

static bool is_before(const struct candidate *a, const struct candidate *b)
{
    if (a->standing != b->standing)
        return a->standing < b->standing;
    return a->lag != b->lag ? a->lag < b->lag : a->score < b->score;
}

/* From `turn` on, round; among equals the first. What another server has been asked too is no
 * probe: it may be the last try, and teaches nothing when the other is faster. */
static struct candidate choose(struct pool *pool, uint64_t asked, enum pool_wish wish, msec_t now)
{
    uint64_t left = pool_members(pool) & ~asked;
    unsigned turn = atomic_load_explicit(&pool->turn, memory_order_relaxed) % FLEET_MAX;
    uint64_t later = left >> turn << turn;
    struct candidate best = {.index = POOL_NONE, .standing = OUT};
    while (left != 0) {
        int index = __builtin_ctzll(later != 0 ? later : left);
        left &= ~(UINT64_C(1) << index);
        later &= left;
        if (!is_same_life(pool, index))
            begin_life(pool, index, now);
        struct candidate candidate = candidate_of(pool, index, wish, now);
        if (candidate.standing == HALF_OPEN && asked != 0)
            candidate.standing = EJECTED;
        if (is_before(&candidate, &best))
            best = candidate;
    }
    return best;
}

static void set_principal(struct pool *pool, int index)
{
    int before = pool->principal;
    if (before != index)
        before = atomic_exchange_explicit(&pool->principal, index, memory_order_relaxed);
    if (before != POOL_NONE && before != index)
        tell(pool, index, index > before ? POOL_FAILOVER : POOL_FAILBACK);
}

/* False: somebody else was faster to try it. */
static bool is_to_be_had(struct pool *pool, const struct candidate *candidate, msec_t now)
{
    struct conduct *conduct = &pool->members[candidate->index].conduct;
    bool needs_lease = candidate->standing == HALF_OPEN || candidate->standing == DOWN;
    return !needs_lease || conduct_take_lease(conduct, pool->limits.lease, now);
}

void pool_hold(struct pool *pool, int server)
{
    atomic_fetch_add_explicit(&pool->members[server].in_flight, 1, memory_order_relaxed);
}

int pool_take(struct pool *pool, uint64_t asked, enum pool_wish wish, msec_t now)
{
    struct candidate best;
    do {
        best = choose(pool, asked, wish, now);
        if (best.index == POOL_NONE)
            return POOL_NONE;
    } while (!is_to_be_had(pool, &best, now));
    pool_hold(pool, best.index);
    if (pool->limits.policy == POOL_BALANCED)
        atomic_store_explicit(&pool->turn, (unsigned)best.index + 1, memory_order_relaxed);
    else if (asked == 0 && wish == POOL_LEAST_BUSY && best.standing == WELL)
        set_principal(pool, best.index);
    return best.index;
}

/* Hearing */

void pool_note_answer(struct pool *pool, int server, msec_t asked_at, msec_t now)
{
    struct conduct *conduct = &pool->members[server].conduct;
    conduct_note_answer(conduct, now);
    if (!conduct_is_ejected(conduct))
        return;
    pthread_mutex_lock(&pool->lock);
    bool returns = conduct_may_return(conduct, asked_at);
    if (returns)
        conduct_return(conduct, now);
    pthread_mutex_unlock(&pool->lock);
    if (returns)
        tell(pool, server, POOL_RETURNED);
}

/* Two loops that each found one of the last two bad come here one after the other. */
static void note_failure(struct pool *pool, int server, msec_t asked_at, msec_t now)
{
    struct conduct *conduct = &pool->members[server].conduct;
    pthread_mutex_lock(&pool->lock);
    bool was_ejected = conduct_is_ejected(conduct);
    bool is_bad = conduct_note_failure(conduct, &pool->limits, asked_at, now);
    bool is_ejected = is_bad && (was_ejected || has_other_that_is_well(pool, server, now));
    if (is_ejected)
        conduct_eject(conduct, &pool->limits, now);
    pthread_mutex_unlock(&pool->lock);
    if (is_ejected && !was_ejected)
        tell(pool, server, POOL_EJECTED);
}

static bool is_failure(const struct conduct *conduct, enum pool_outcome outcome, msec_t asked_at)
{
    return outcome == POOL_FAILED || (outcome == POOL_OUTRUN && conduct->answered_at < asked_at);
}

void pool_give_back(struct pool *pool, int server, enum pool_outcome outcome, msec_t asked_at,
                    msec_t now)
{
    struct member *member = &pool->members[server];
    unsigned before = atomic_fetch_sub_explicit(&member->in_flight, 1, memory_order_relaxed);
    assert(before > 0);
    if (outcome == POOL_SUCCEEDED)
        pool_note_answer(pool, server, asked_at, now);
    else if (is_failure(&member->conduct, outcome, asked_at))
        note_failure(pool, server, asked_at, now);
    conduct_end_lease(&member->conduct, pool->limits.lease, asked_at);
}

/* Looking */

bool pool_is_resting(const struct pool *pool, int server, msec_t now)
{
    return fleet_state(pool->fleet, server) != FLEET_UP || pool_ejected_for(pool, server, now) > 0;
}

unsigned pool_in_flight(const struct pool *pool, int server)
{
    return atomic_load_explicit(&pool->members[server].in_flight, memory_order_relaxed);
}

msec_t pool_ejected_for(const struct pool *pool, int server, msec_t now)
{
    return conduct_ejected_for(&pool->members[server].conduct, now);
}

msec_t pool_next_try(const struct pool *pool, msec_t now)
{
    uint64_t left = pool_members(pool);
    msec_t soonest = left == 0 ? pool->limits.ejection : pool->limits.lease;
    for (; left != 0; left &= left - 1) {
        int index = __builtin_ctzll(left);
        if (standing_of(pool, index, now) != OUT)
            return 0;
        msec_t wait = conduct_leased_for(&pool->members[index].conduct, now);
        soonest = wait < soonest ? wait : soonest;
    }
    return soonest;
}
