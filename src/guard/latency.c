#include "guard/latency.h"

enum { STEP_BITS = 3, STEPS = 1 << STEP_BITS }; /* of an octave */

/* Buckets: below 8 one for each value, then 8 for each octave. */
static size_t bucket_of(int64_t microseconds)
{
    uint64_t value = microseconds > 0 ? (uint64_t)microseconds : 0;
    if (value < STEPS)
        return value;
    size_t octave = 63 - (size_t)__builtin_clzll(value);
    size_t bucket = (octave - STEP_BITS) * STEPS + (value >> (octave - STEP_BITS));
    return bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1;
}

/* The largest value of a bucket. */
static int64_t top_of(size_t bucket)
{
    if (bucket < STEPS)
        return (int64_t)bucket;
    size_t shift = bucket / STEPS - 1, step = bucket % STEPS;
    return ((int64_t)(STEPS + step + 1) << shift) - 1;
}

/* Whoever finds that time has gone on empties what is to be filled. */
static void turn(struct latency *latency, int64_t window)
{
    int64_t last = atomic_load_explicit(&latency->window, memory_order_relaxed);
    if (last >= window || !atomic_compare_exchange_strong(&latency->window, &last, window))
        return;
    for (int64_t i = window; i > last && i > window - 2; i--)
        for (size_t bucket = 0; bucket < LATENCY_BUCKETS; bucket++)
            atomic_store_explicit(&latency->counts[i & 1][bucket], 0, memory_order_relaxed);
}

static unsigned count(const struct latency *latency, size_t bucket)
{
    return atomic_load_explicit(&latency->counts[0][bucket], memory_order_relaxed) +
           atomic_load_explicit(&latency->counts[1][bucket], memory_order_relaxed);
}

void latency_note(struct latency *latency, int64_t microseconds, msec_t now)
{
    int64_t window = now / LATENCY_WINDOW_MS;
    turn(latency, window);
    atomic_fetch_add_explicit(&latency->counts[window & 1][bucket_of(microseconds)], 1,
                              memory_order_relaxed);
}

int64_t latency_quantile(struct latency *latency, unsigned per_mille, msec_t now)
{
    uint64_t total = 0, below = 0;
    turn(latency, now / LATENCY_WINDOW_MS);
    for (size_t bucket = 0; bucket < LATENCY_BUCKETS; bucket++)
        total += count(latency, bucket);
    for (size_t bucket = 0; bucket < LATENCY_BUCKETS; bucket++) {
        below += count(latency, bucket);
        if (below > 0 && below * 1000 >= total * per_mille)
            return top_of(bucket);
    }
    return 0;
}

int64_t latency_p95(struct latency *latency, msec_t now)
{
    if (now >= atomic_load_explicit(&latency->p95_until, memory_order_relaxed)) {
        atomic_store_explicit(&latency->p95_until, now + LATENCY_FRESH_MS, memory_order_relaxed);
        atomic_store_explicit(&latency->p95, latency_quantile(latency, 950, now),
                              memory_order_relaxed);
    }
    return atomic_load_explicit(&latency->p95, memory_order_relaxed);
}
