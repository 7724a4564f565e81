#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "guard/pool.h"

enum { LARGEST = 5, REST = 100 };

static struct pool pool_of(unsigned count, unsigned max_failures)
{
    struct pool pool;
    pool_init(&pool, count, (struct pool_limits){.max_failures = max_failures, .rest = REST});
    return pool;
}

/* One failure of this very server, whose turn it may not be. */
static void let_fail(struct pool *pool, int index, msec_t now)
{
    pool->members[index].in_flight++;
    pool_failed(pool, index, now);
}

static void let_succeed(struct pool *pool, int index)
{
    pool->members[index].in_flight++;
    pool_succeeded(pool, index);
}

static void the_equally_busy_are_asked_in_turn(void **state)
{
    (void)state;
    for (unsigned count = 1; count <= LARGEST; count++) {
        struct pool pool = pool_of(count, 1);
        for (unsigned i = 0; i < 3 * count; i++) {
            assert_int_equal(pool_take(&pool, POOL_NONE, 0), i % count);
            pool_succeeded(&pool, (int)(i % count));
        }
        for (unsigned i = 0; i < 3 * count; i++) /* now nobody gives back */
            assert_int_equal(pool_take(&pool, POOL_NONE, 0), i % count);
        for (unsigned i = 0; i < count; i++)
            assert_int_equal(pool.members[i].in_flight, 3);
    }
}

static void the_least_busy_is_asked_first(void **state)
{
    static const struct {
        unsigned count;
        unsigned in_flight[LARGEST];
        int asked;
    } rows[] = {
        {1, {9}, 0},          {2, {0, 0}, 0},          {2, {1, 0}, 1},
        {2, {3, 4}, 0},       {3, {2, 2, 1}, 2},       {3, {2, 1, 1}, 1},
        {4, {5, 4, 3, 4}, 2}, {5, {1, 1, 1, 1, 0}, 4}, {5, {2, 3, 3, 3, 3}, 0},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct pool pool = pool_of(rows[i].count, 1);
        for (unsigned m = 0; m < rows[i].count; m++)
            pool.members[m].in_flight = rows[i].in_flight[m];
        int asked = rows[i].asked;
        assert_int_equal(pool_take(&pool, POOL_NONE, 0), asked);
        assert_int_equal(pool.members[asked].in_flight, rows[i].in_flight[asked] + 1);
    }
}

static void a_server_rests_after_so_many_failures_in_a_row(void **state)
{
    (void)state;
    for (unsigned most = 1; most <= 4; most++) {
        struct pool pool = pool_of(2, most);
        for (unsigned failure = 1; failure < most; failure++) {
            let_fail(&pool, 0, 0);
            assert_false(pool_is_resting(&pool, 0, 0));
        }
        let_fail(&pool, 0, 0);
        assert_true(pool_is_resting(&pool, 0, 0));
        assert_false(pool_is_resting(&pool, 1, 0));
        for (int i = 0; i < 4; i++)
            assert_int_equal(pool_take(&pool, POOL_NONE, 0), 1);
    }
}

static void a_success_between_failures_breaks_the_row(void **state)
{
    (void)state;
    struct pool pool = pool_of(2, 3);
    for (int i = 0; i < 5; i++) {
        let_fail(&pool, 0, 0);
        let_fail(&pool, 0, 0);
        assert_false(pool_is_resting(&pool, 0, 0));
        let_succeed(&pool, 0);
    }
}

static void a_rest_is_over_on_the_millisecond(void **state)
{
    (void)state;
    struct pool pool = pool_of(1, 1);
    let_fail(&pool, 0, 1000);
    assert_true(pool_is_resting(&pool, 0, 1000));
    assert_true(pool_is_resting(&pool, 0, 1000 + REST - 1));
    assert_false(pool_is_resting(&pool, 0, 1000 + REST));
}

static void the_last_one_is_never_ejected(void **state)
{
    (void)state;
    for (unsigned count = 1; count <= LARGEST; count++) {
        struct pool pool = pool_of(count, 1);
        for (unsigned i = 0; i < count; i++)
            let_fail(&pool, (int)i, 0);
        for (unsigned i = 0; i < count; i++)
            assert_true(pool_is_resting(&pool, (int)i, 1));
        for (unsigned i = 0; i < 2 * count; i++)
            assert_in_range(pool_take(&pool, POOL_NONE, 1), 0, count - 1);
    }
}

/* Server number i fails at so many milliseconds; however busy it is. */
static void when_all_rest_the_one_due_first_is_asked(void **state)
{
    static const struct {
        unsigned count;
        msec_t failed_at[LARGEST];
        int asked;
    } rows[] = {
        {1, {5}, 0},       {2, {5, 6}, 0},       {2, {6, 5}, 1},          {3, {7, 6, 5}, 2},
        {3, {7, 5, 6}, 1}, {4, {8, 7, 5, 6}, 2}, {5, {9, 8, 7, 6, 5}, 4}, {5, {5, 8, 7, 6, 9}, 0},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct pool pool = pool_of(rows[i].count, 1);
        for (unsigned m = 0; m < rows[i].count; m++)
            let_fail(&pool, (int)m, rows[i].failed_at[m]);
        for (int again = 0; again < 3; again++)
            assert_int_equal(pool_take(&pool, POOL_NONE, 10), rows[i].asked);
    }
}

static void one_that_answers_comes_before_any_that_rests(void **state)
{
    (void)state;
    for (unsigned count = 2; count <= LARGEST; count++)
        for (unsigned well = 0; well < count; well++) {
            struct pool pool = pool_of(count, 1);
            for (unsigned i = 0; i < count; i++)
                if (i != well)
                    let_fail(&pool, (int)i, 0);
            pool.members[well].in_flight = 50;
            assert_int_equal(pool_take(&pool, POOL_NONE, 0), well);
        }
}

static void each_rest_is_longer_up_to_twelve_times_the_first(void **state)
{
    (void)state;
    struct pool pool = pool_of(1, 2);
    msec_t now = 0;
    for (unsigned rest = 1; rest <= 15; rest++) {
        msec_t length = REST * (rest < 12 ? rest : 12);
        let_fail(&pool, 0, now);
        assert_false(pool_is_resting(&pool, 0, now)); /* after each rest it has every try again */
        let_fail(&pool, 0, now);
        assert_true(pool_is_resting(&pool, 0, now + length - 1));
        assert_false(pool_is_resting(&pool, 0, now + length));
        now += length;
    }
}

static void a_success_ends_the_rest_and_makes_the_next_one_short(void **state)
{
    (void)state;
    struct pool pool = pool_of(2, 1);
    let_fail(&pool, 0, 0);
    let_fail(&pool, 0, REST);
    assert_true(pool_is_resting(&pool, 0, 3 * REST - 1));
    let_succeed(&pool, 0);
    assert_false(pool_is_resting(&pool, 0, REST));
    let_fail(&pool, 0, REST);
    assert_true(pool_is_resting(&pool, 0, 2 * REST - 1));
    assert_false(pool_is_resting(&pool, 0, 2 * REST));
}

static void a_failure_that_comes_late_tells_nothing_new(void **state)
{
    (void)state;
    for (unsigned most = 1; most <= 3; most++) {
        struct pool pool = pool_of(1, most);
        for (int i = 0; i < 10; i++)
            assert_int_equal(pool_take(&pool, POOL_NONE, 0), 0);
        for (int i = 0; i < 10; i++)
            pool_failed(&pool, 0, i);
        msec_t until = (msec_t)most - 1 + REST;
        assert_true(pool_is_resting(&pool, 0, until - 1));
        assert_false(pool_is_resting(&pool, 0, until));
        assert_int_equal(pool.members[0].in_flight, 0);
        for (unsigned failure = 1; failure < most; failure++) {
            let_fail(&pool, 0, until);
            assert_false(pool_is_resting(&pool, 0, until));
        }
        let_fail(&pool, 0, until);
        assert_true(pool_is_resting(&pool, 0, until + 2 * REST - 1)); /* the second, not later */
    }
}

static void the_one_that_just_failed_is_avoided_unless_it_is_alone(void **state)
{
    (void)state;
    for (unsigned count = 1; count <= LARGEST; count++)
        for (unsigned but = 0; but < count; but++) {
            struct pool pool = pool_of(count, 1);
            for (unsigned i = 0; i < count; i++) {
                pool.members[i].in_flight = i == but ? 0 : 9;
                if (i != but)
                    let_fail(&pool, (int)i, 0);
            }
            for (int again = 0; again < 6; again++) {
                int asked = pool_take(&pool, (int)but, 0);
                assert_in_range(asked, 0, count - 1);
                assert_true(count == 1 ? asked == 0 : asked != (int)but);
            }
        }
}

static void a_pool_without_servers_has_none(void **state)
{
    (void)state;
    struct pool pool = pool_of(0, 1);
    assert_int_equal(pool_take(&pool, POOL_NONE, 0), POOL_NONE);
    assert_int_equal(pool_take(&pool, 0, 0), POOL_NONE);
}

/* Is `asked` as good as `other`, by the words of pool.h? */
static bool is_as_good(const struct pool *pool, int asked, int other, msec_t now)
{
    bool rests = pool_is_resting(pool, asked, now);
    if (rests != pool_is_resting(pool, other, now))
        return !rests;
    return rests ? pool->members[asked].rests_until <= pool->members[other].rests_until
                 : pool->members[asked].in_flight <= pool->members[other].in_flight;
}

static void assert_best_is_taken(struct pool *pool, int but, msec_t now)
{
    struct pool before = *pool;
    int asked = pool_take(pool, but, now);
    assert_in_range(asked, 0, pool->count - 1);
    for (int other = 0; other < (int)pool->count; other++)
        if (other != but)
            assert_true(is_as_good(&before, asked, other, now));
}

static void after_any_history_the_best_is_asked(void **state)
{
    (void)state;
    uint32_t random = 1;
    for (unsigned count = 1; count <= LARGEST; count++) {
        struct pool pool = pool_of(count, 2);
        for (msec_t now = 0; now < 3000; now++) {
            random = random * 1664525 + 1013904223;
            int index = (int)((random >> 8) % count);
            if (random >> 30 < 2 || pool.members[index].in_flight == 0)
                assert_best_is_taken(&pool, random >> 31 ? index : POOL_NONE, now);
            else if (random >> 30 == 2)
                pool_failed(&pool, index, now);
            else
                pool_succeeded(&pool, index);
        }
    }
}

static void one_that_was_given_up_tells_nothing_of_its_server(void **state)
{
    (void)state;
    struct pool pool = pool_of(2, 2);
    int index = pool_take(&pool, POOL_NONE, 0);
    pool_failed(&pool, index, 0);
    for (int i = 0; i < 5; i++) {
        pool.members[index].in_flight++;
        pool_given_up(&pool, index);
    }
    assert_int_equal(pool.members[index].in_flight, 0);
    assert_int_equal(pool.members[index].failures, 1);
    assert_false(pool_is_resting(&pool, index, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_equally_busy_are_asked_in_turn),
        cmocka_unit_test(the_least_busy_is_asked_first),
        cmocka_unit_test(a_server_rests_after_so_many_failures_in_a_row),
        cmocka_unit_test(a_success_between_failures_breaks_the_row),
        cmocka_unit_test(a_rest_is_over_on_the_millisecond),
        cmocka_unit_test(the_last_one_is_never_ejected),
        cmocka_unit_test(when_all_rest_the_one_due_first_is_asked),
        cmocka_unit_test(one_that_answers_comes_before_any_that_rests),
        cmocka_unit_test(each_rest_is_longer_up_to_twelve_times_the_first),
        cmocka_unit_test(a_success_ends_the_rest_and_makes_the_next_one_short),
        cmocka_unit_test(a_failure_that_comes_late_tells_nothing_new),
        cmocka_unit_test(the_one_that_just_failed_is_avoided_unless_it_is_alone),
        cmocka_unit_test(a_pool_without_servers_has_none),
        cmocka_unit_test(one_that_was_given_up_tells_nothing_of_its_server),
        cmocka_unit_test(after_any_history_the_best_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
