#include "guard/aimd.h"

static unsigned within(const struct aimd *aimd, unsigned limit)
{
    unsigned cap = atomic_load(&aimd->cap);
    if (limit < AIMD_FLOOR)
        limit = AIMD_FLOOR;
    return limit < cap ? limit : cap;
}

unsigned aimd_limit(const struct aimd *aimd)
{
    return within(aimd, atomic_load_explicit(&aimd->limit, memory_order_relaxed));
}

void aimd_set_cap(struct aimd *aimd, unsigned cap)
{
    atomic_store(&aimd->cap, cap > 0 ? cap : 1);
}

void aimd_init(struct aimd *aimd, unsigned cap, msec_t now)
{
    *aimd = (struct aimd){.is_turning = ATOMIC_FLAG_INIT};
    aimd_set_cap(aimd, cap);
    atomic_init(&aimd->limit, AIMD_FLOOR);
    atomic_init(&aimd->ends_at, now + AIMD_WINDOW_MS);
    aimd->phase = AIMD_MEASURING;
    aimd->rest = AIMD_FLOOR;
}

/* One window is over, in which an answer took `mean` */

/* Noise below a millisecond is not a queue. */
static bool is_slow(const struct aimd *aimd, int64_t mean)
{
    enum { NOISE_US = 1000 };
    return mean > aimd->baseline + aimd->baseline / 2 + NOISE_US;
}

static unsigned limit_of_next(struct aimd *aimd, int64_t mean, unsigned most)
{
    unsigned limit = aimd_limit(aimd);
    if (is_slow(aimd, mean)) {
        aimd->phase = AIMD_STEADY;
        return limit * 9 / 10;
    }
    /* What is not used says nothing of what would be. */
    if (most < limit / 2)
        return limit;
    return aimd->phase == AIMD_DOUBLING ? limit * 2 : limit + 1;
}

/* A window to let go what is too much, and one to measure. */
static unsigned begin_probe(struct aimd *aimd)
{
    aimd->rest = aimd_limit(aimd);
    aimd->phase = AIMD_PROBING;
    return aimd->rest / 2;
}

static unsigned end_probe(struct aimd *aimd, int64_t mean, msec_t now)
{
    aimd->phase = aimd->baseline == 0 ? AIMD_DOUBLING : AIMD_STEADY;
    aimd->baseline = mean > 0 ? mean : 1;
    aimd->probe_at = now + AIMD_PROBE_MS;
    return aimd->rest;
}

static void end_window(struct aimd *aimd, int64_t mean, unsigned most, msec_t now)
{
    unsigned limit = aimd_limit(aimd);
    if (aimd->phase == AIMD_PROBING)
        aimd->phase = AIMD_MEASURING;
    else if (aimd->phase == AIMD_MEASURING)
        limit = end_probe(aimd, mean, now);
    else if (now >= aimd->probe_at)
        limit = begin_probe(aimd);
    else
        limit = limit_of_next(aimd, mean, most);
    atomic_store(&aimd->limit, within(aimd, limit));
}

/* What others note meanwhile counts for one window or for the other. */
static void turn(struct aimd *aimd, msec_t now)
{
    if (atomic_flag_test_and_set(&aimd->is_turning))
        return;
    int64_t answers = atomic_load(&aimd->answers);
    if (now >= atomic_load(&aimd->ends_at) && answers >= AIMD_ANSWERS_MIN) {
        int64_t sum = atomic_exchange(&aimd->sum, 0);
        answers = atomic_exchange(&aimd->answers, 0);
        end_window(aimd, sum / answers, atomic_exchange(&aimd->most, 0), now);
        atomic_store(&aimd->ends_at, now + AIMD_WINDOW_MS);
    }
    atomic_flag_clear(&aimd->is_turning);
}

void aimd_note(struct aimd *aimd, int64_t microseconds, unsigned in_flight, msec_t now)
{
    unsigned most = atomic_load_explicit(&aimd->most, memory_order_relaxed);
    while (in_flight > most && !atomic_compare_exchange_weak(&aimd->most, &most, in_flight)) {
    }
    atomic_fetch_add(&aimd->sum, microseconds);
    if (atomic_fetch_add(&aimd->answers, 1) + 1 >= AIMD_ANSWERS_MIN &&
        now >= atomic_load(&aimd->ends_at))
        turn(aimd, now);
}
