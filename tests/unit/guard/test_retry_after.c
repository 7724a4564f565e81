#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "guard/retry_after.h"

enum { SECOND = 1000000 };

static void a_full_compartment_says_when_all_who_are_ahead_are_through(void **state)
{
    static const struct {
        unsigned ahead, limit;
        int64_t latency_us, seconds;
    } rows[] = {
        {12, 4, SECOND, 3},
        {12, 4, SECOND + 1, 4},
        {12, 4, SECOND - 1, 3},
        {192, 64, 2000, 1},
        {192, 64, 5 * SECOND, 15},
        {1, 1, 0, 1}, /* nothing is known yet */
        {0, 8, SECOND, 1},
        {9, 0, SECOND, 9},
        {3 * 65536 * 64, 1, 134 * (int64_t)SECOND, RETRY_AFTER_MAX},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_int_equal(retry_after_queue(rows[i].ahead, rows[i].limit, rows[i].latency_us),
                         rows[i].seconds);
}

static void an_instant_is_as_many_whole_seconds_away_and_at_least_one(void **state)
{
    static const struct {
        msec_t at, now;
        int64_t seconds;
    } rows[] = {
        {0, 0, 1},
        {500, 1000, 1},
        {0, 1000000, 1},
        {1001, 1000, 1},
        {2000, 1000, 1},
        {2001, 1000, 2},
        {6000, 1000, 5},
        {61000, 1000, 60},
        {62000, 1000, RETRY_AFTER_MAX},
        {INT64_MAX / 2, 0, RETRY_AFTER_MAX},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_int_equal(retry_after_instant(rows[i].at, rows[i].now), rows[i].seconds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_compartment_says_when_all_who_are_ahead_are_through),
        cmocka_unit_test(an_instant_is_as_many_whole_seconds_away_and_at_least_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
