#include "guard/fleet/conduct.h"

static msec_t read(const _Atomic msec_t *instant)
{
    return atomic_load_explicit(instant, memory_order_relaxed);
}

static void set(_Atomic msec_t *instant, msec_t value)
{
    atomic_store_explicit(instant, value, memory_order_relaxed);
}

static msec_t left_until(msec_t until, msec_t now)
{
    return until > now ? until - now : 0;
}

bool conduct_is_ejected(const struct conduct *conduct)
{
    return read(&conduct->ejected_until) != 0;
}

msec_t conduct_ejected_for(const struct conduct *conduct, msec_t now)
{
    return left_until(read(&conduct->ejected_until), now);
}

msec_t conduct_leased_for(const struct conduct *conduct, msec_t now)
{
    return left_until(read(&conduct->lease_until), now);
}

bool conduct_take_lease(struct conduct *conduct, msec_t length, msec_t now)
{
    msec_t until = read(&conduct->lease_until);
    return until <= now &&
           atomic_compare_exchange_strong(&conduct->lease_until, &until, now + length);
}

void conduct_end_lease(struct conduct *conduct, msec_t length, msec_t taken_at)
{
    msec_t until = taken_at + length;
    if (read(&conduct->lease_until) == until)
        atomic_compare_exchange_strong(&conduct->lease_until, &until, 0);
}

void conduct_note_answer(struct conduct *conduct, msec_t now)
{
    atomic_fetch_add_explicit(&conduct->answers, 1, memory_order_relaxed);
    set(&conduct->answered_at, now);
    if (atomic_load_explicit(&conduct->failures, memory_order_relaxed) != 0)
        atomic_store_explicit(&conduct->failures, 0, memory_order_relaxed);
}

/* Whatever was counted before the change is done with. */
static void change(struct conduct *conduct, msec_t ejected_until, msec_t now)
{
    conduct->changed_at = now;
    conduct->window.failures = 0;
    atomic_store_explicit(&conduct->failures, 0, memory_order_relaxed);
    set(&conduct->ejected_until, ejected_until);
}

bool conduct_may_return(const struct conduct *conduct, msec_t asked_at)
{
    return conduct_is_ejected(conduct) && asked_at > conduct->changed_at;
}

void conduct_return(struct conduct *conduct, msec_t now)
{
    set(&conduct->returned_at, now);
    change(conduct, 0, now);
}

/* A window begins with a failure: so an answer has nothing to look after. */
static bool has_failed_half(struct conduct *conduct, const struct pool_limits *limits, msec_t now)
{
    uint64_t answers = atomic_load_explicit(&conduct->answers, memory_order_relaxed);
    if (conduct->window.failures == 0 || now - conduct->window.began >= limits->window) {
        conduct->window.began = now;
        conduct->window.answers = answers;
        conduct->window.failures = 0;
    }
    uint64_t failures = ++conduct->window.failures;
    uint64_t all = failures + answers - conduct->window.answers;
    return all >= limits->window_min && 2 * failures >= all;
}

bool conduct_note_failure(struct conduct *conduct, const struct pool_limits *limits,
                          msec_t asked_at, msec_t now)
{
    if (asked_at <= conduct->changed_at)
        return false;
    if (conduct_is_ejected(conduct))
        return asked_at >= read(&conduct->ejected_until);
    unsigned row = atomic_fetch_add_explicit(&conduct->failures, 1, memory_order_relaxed) + 1;
    return has_failed_half(conduct, limits, now) || row >= limits->failures_max;
}

void conduct_eject(struct conduct *conduct, const struct pool_limits *limits, msec_t now)
{
    bool has_lasted =
        !conduct_is_ejected(conduct) && now - read(&conduct->returned_at) >= limits->slow_start;
    if (has_lasted)
        conduct->ejections = 0;
    msec_t length = limits->ejection * ++conduct->ejections;
    change(conduct, now + (length < limits->ejection_max ? length : limits->ejection_max), now);
}

/* Not `now` itself: its first request may be asked in the same millisecond. */
void conduct_begin(struct conduct *conduct, msec_t now)
{
    set(&conduct->returned_at, 0);
    conduct->ejections = 0;
    change(conduct, 0, now - 1);
}
