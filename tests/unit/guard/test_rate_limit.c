#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "guard/rate_limit.h"

#define SECOND INT64_C(1000000)

static const uint64_t seed[2] = {1, 2};

static unsigned take_many(struct rate_limit *limit, const char *client, unsigned times, int64_t now)
{
    unsigned taken = 0;
    for (unsigned i = 0; i < times; i++)
        taken += rate_limit_take(limit, str_from(client), now) == 0;
    return taken;
}

static void a_client_has_its_burst_and_then_its_rate(void **state)
{
    struct rate_limit *limit = rate_limit_new(10, 5, seed);
    (void)state;
    assert_int_equal(take_many(limit, "a", 20, 0), 5);
    for (int64_t now = SECOND / 10; now <= 3 * SECOND; now += SECOND / 10)
        assert_int_equal(take_many(limit, "a", 3, now), 1);
    rate_limit_free(&limit);
}

static void what_was_saved_up_is_never_more_than_the_burst(void **state)
{
    struct rate_limit *limit = rate_limit_new(10, 5, seed);
    (void)state;
    assert_int_equal(take_many(limit, "a", 20, 7 * SECOND), 5);
    assert_int_equal(take_many(limit, "a", 20, 7 * SECOND + SECOND / 5), 2);
    assert_int_equal(take_many(limit, "a", 20, 900000 * SECOND), 5);
    rate_limit_free(&limit);
}

static void the_wait_that_is_said_is_the_wait_that_is_needed(void **state)
{
    static const struct {
        unsigned per_second, burst;
    } rows[] = {{1, 1}, {1, 10}, {3, 1}, {7, 100}, {1000, 1}, {99999, 3}, {1000000, 1}};
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct rate_limit *limit = rate_limit_new(rows[i].per_second, rows[i].burst, seed);
        assert_int_equal(take_many(limit, "a", 2 * rows[i].burst, SECOND), rows[i].burst);
        int64_t wait = rate_limit_take(limit, STR("a"), SECOND);
        assert_true(wait > 0 && wait <= SECOND);
        assert_int_equal(rate_limit_take(limit, STR("a"), SECOND + wait - 1), 1);
        assert_int_equal(rate_limit_take(limit, STR("a"), SECOND + wait), 0);
        rate_limit_free(&limit);
    }
}

static void who_is_refused_does_not_wait_longer_for_it(void **state)
{
    struct rate_limit *limit = rate_limit_new(1, 1, seed);
    (void)state;
    assert_int_equal(rate_limit_take(limit, STR("a"), 0), 0);
    assert_int_equal(take_many(limit, "a", 1000, SECOND / 2), 0);
    assert_int_equal(rate_limit_take(limit, STR("a"), SECOND), 0);
    rate_limit_free(&limit);
}

static void in_the_long_run_nobody_gets_more_than_the_rate(void **state)
{
    static const unsigned rates[] = {1, 3, 7, 30, 777, 65537, 100000};
    (void)state;
    for (size_t i = 0; i < countof(rates); i++) {
        struct rate_limit *limit = rate_limit_new(rates[i], 1, seed);
        unsigned taken = 0;
        for (int64_t now = 0; now < 2 * SECOND; now += 5)
            taken += rate_limit_take(limit, STR("a"), now) == 0;
        assert_true(taken <= 2 * rates[i] && taken >= 3 * rates[i] / 2);
        rate_limit_free(&limit);
    }
}

static void each_client_has_its_own(void **state)
{
    struct rate_limit *limit = rate_limit_new(1, 2, seed);
    char name[16];
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "client %u", i);
        assert_int_equal(take_many(limit, name, 5, SECOND), 2);
    }
    rate_limit_free(&limit);
}

/* Each of a million keys spends all it has; then a thousand honest clients come. */
static void whoever_invents_keys_locks_nobody_out(void **state)
{
    struct rate_limit *limit = rate_limit_new(1, 1, seed);
    unsigned locked_out = 0;
    char name[24];
    (void)state;
    for (unsigned i = 0; i < 1000000; i++) {
        snprintf(name, sizeof(name), "hostile %u", i);
        take_many(limit, name, 2, SECOND);
    }
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "honest %u", i);
        locked_out += take_many(limit, name, 1, SECOND) == 0;
    }
    assert_true(locked_out <= 5); /* a tag of 16 bits, eight of them in a set: one in 8192 */
    rate_limit_free(&limit);
}

static void a_spent_bucket_stays_while_others_come_and_go(void **state)
{
    struct rate_limit *limit = rate_limit_new(1, 100, seed);
    char name[24];
    (void)state;
    assert_int_equal(take_many(limit, "greedy", 200, SECOND), 100);
    for (unsigned i = 0; i < 500000; i++) {
        snprintf(name, sizeof(name), "other %u", i);
        take_many(limit, name, 1, SECOND);
    }
    assert_int_equal(take_many(limit, "greedy", 200, SECOND), 0);
    rate_limit_free(&limit);
}

/* Threads */

enum { THREADS = 4, TIMES = 20000 };

struct crowd {
    struct rate_limit *limit;
    atomic_uint taken;
};

static void *crowd_in(void *arg)
{
    struct crowd *crowd = arg;
    for (unsigned i = 0; i < TIMES; i++)
        if (rate_limit_take(crowd->limit, STR("a"), SECOND) == 0)
            atomic_fetch_add(&crowd->taken, 1);
    return NULL;
}

static void several_threads_get_together_exactly_what_one_would(void **state)
{
    struct crowd crowd = {.limit = rate_limit_new(1, TIMES, seed)};
    pthread_t threads[THREADS];
    (void)state;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, crowd_in, &crowd), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(crowd.taken, TIMES);
    rate_limit_free(&crowd.limit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_has_its_burst_and_then_its_rate),
        cmocka_unit_test(what_was_saved_up_is_never_more_than_the_burst),
        cmocka_unit_test(the_wait_that_is_said_is_the_wait_that_is_needed),
        cmocka_unit_test(who_is_refused_does_not_wait_longer_for_it),
        cmocka_unit_test(in_the_long_run_nobody_gets_more_than_the_rate),
        cmocka_unit_test(each_client_has_its_own),
        cmocka_unit_test(whoever_invents_keys_locks_nobody_out),
        cmocka_unit_test(a_spent_bucket_stays_while_others_come_and_go),
        cmocka_unit_test(several_threads_get_together_exactly_what_one_would),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
