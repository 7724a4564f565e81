/* A pool of some servers, each of which can be made to be in any state, and what its watch is
 * told. Include it behind <cmocka.h>. */
#ifndef TESTS_GUARD_GIVEN_POOL_H
#define TESTS_GUARD_GIVEN_POOL_H

#include "guard/fleet/pool.h"

enum {
    LARGEST = 5,
    SERVICE = 1,
    EJECTION = 5000,
    LEASE = 1000,
    WINDOW = 10000,
    SLOW_START = 10000
};

/* One failure ejects, where a test says nothing else. */
static const struct pool_limits limits = {.policy = POOL_BALANCED,
                                          .failures_max = 1,
                                          .window_min = 1000000,
                                          .window = WINDOW,
                                          .ejection = EJECTION,
                                          .ejection_max = 12 * EJECTION,
                                          .lease = LEASE,
                                          .slow_start = SLOW_START};

struct given {
    struct fleet *fleet;
    struct pool *pool;
    char told[256]; /* "e1 r1 ": server 1 was ejected and returned; o: failover, b: failback */
};

static inline void on_event(void *arg, int server, enum pool_event event)
{
    struct given *given = arg;
    char word[] = {"erob"[event], (char)('0' + server), ' ', '\0'};
    assert_true(strlen(given->told) + sizeof(word) <= sizeof(given->told));
    strcat(given->told, word);
}

static inline int join(struct given *given, int number, enum fleet_state state, msec_t now)
{
    char name[] = {'a', ':', (char)('0' + number), '\0'};
    return fleet_join(given->fleet, str_from(name), SERVICE, state, now);
}

/* All of them up. */
static inline void given_open(struct given *given, unsigned servers, struct pool_limits how)
{
    given->fleet = fleet_new((struct fleet_limits){.down_after = 1, .up_after = 1});
    given->pool = pool_new(given->fleet, SERVICE, how, on_event, given);
    given->told[0] = '\0';
    for (unsigned i = 0; i < servers; i++)
        assert_int_equal(join(given, (int)i, FLEET_UP, 0), i);
}

static inline void given_close(struct given *given)
{
    free(given->fleet);
    free(given->pool);
}

static inline int take(struct given *given, msec_t now)
{
    return pool_take(given->pool, 0, POOL_LEAST_BUSY, now);
}

static inline int take_only(struct given *given, int server, msec_t now)
{
    return pool_take(given->pool, ~(UINT64_C(1) << server), POOL_LEAST_BUSY, now);
}

/* Asks this very server, and so ends what is asked at `asked_at` of it. */
static inline void let_end(struct given *given, int server, enum pool_outcome outcome,
                           msec_t asked_at, msec_t now)
{
    assert_int_equal(take_only(given, server, asked_at), server);
    pool_give_back(given->pool, server, outcome, asked_at, now);
}

static inline void let_fail(struct given *given, int server, msec_t now)
{
    let_end(given, server, POOL_FAILED, now, now);
}

static inline void let_succeed(struct given *given, int server, msec_t now)
{
    let_end(given, server, POOL_SUCCEEDED, now, now);
}

/* With a stand-by that makes it possible even for the last one, and is gone afterwards. */
static inline void let_eject(struct given *given, int server, msec_t now)
{
    int other = join(given, 9, FLEET_UP, now);
    let_fail(given, server, now);
    fleet_leave(given->fleet, other, now);
    assert_true(pool_ejected_for(given->pool, server, now) > 0);
}

static inline bool is_ejected(const struct given *given, int server, msec_t now)
{
    return pool_ejected_for(given->pool, server, now) > 0;
}

/* "201": who is asked one after the other by one request that fails everywhere. Gives none back. */
static inline uint64_t ask_all(struct given *given, enum pool_wish wish, msec_t now, char *said)
{
    uint64_t asked = 0;
    int server;
    while ((server = pool_take(given->pool, asked, wish, now)) != POOL_NONE) {
        assert_int_equal(asked >> server & 1, 0);
        asked |= UINT64_C(1) << server;
        *said++ = (char)('0' + server);
    }
    *said = '\0';
    return asked;
}

static inline void give_all_back(struct given *given, uint64_t asked, msec_t asked_at)
{
    for (; asked != 0; asked &= asked - 1)
        pool_give_back(given->pool, __builtin_ctzll(asked), POOL_GIVEN_UP, asked_at, asked_at);
}

static inline void assert_order(struct given *given, enum pool_wish wish, msec_t now,
                                const char *expected)
{
    char said[LARGEST + 1];
    uint64_t asked = ask_all(given, wish, now, said);
    give_all_back(given, asked, now);
    assert_string_equal(said, expected);
}

#endif
