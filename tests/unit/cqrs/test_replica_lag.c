#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "cqrs/replication/replica/replica_lag.h"

static const struct position top = {900, 0}, behind = {700, 3};

static void at_the_top_there_is_no_lag(void **state)
{
    struct lag_meter meter = {0};
    (void)state;
    lag_look(&meter, &(struct lag_view){top, 50, 20}, top);
    struct lag lag = lag_measure(&meter, top, 1000000);
    assert_int_equal(lag.events, 0);
    assert_int_equal(lag.bytes, 0);
    assert_int_equal(lag.ms, 0);
}

static void a_replica_that_begins_behind_is_as_late_as_the_stream_is_long_at_most(void **state)
{
    struct lag_meter meter = {0};
    (void)state;
    lag_look(&meter, &(struct lag_view){top, 50, 20}, behind);
    struct lag lag = lag_measure(&meter, behind, 1000000);
    assert_int_equal(lag.events, 20);
    assert_int_equal(lag.bytes, 200);
    assert_int_equal(lag.ms, 0); /* it has applied nothing that has a time */
}

static void what_is_applied_is_behind_no_more(void **state)
{
    struct lag_meter meter = {0};
    (void)state;
    lag_look(&meter, &(struct lag_view){behind, 50, 20}, behind);
    lag_look(&meter, &(struct lag_view){top, 80, 50}, behind);
    assert_int_equal(lag_measure(&meter, behind, 0).events, 30);
    lag_advance(&meter, 25, 999000);
    struct lag lag = lag_measure(&meter, (struct position){800, 0}, 1000000);
    assert_int_equal(lag.events, 5);
    assert_int_equal(lag.bytes, 100);
    assert_int_equal(lag.ms, 1000);
}

static void a_stream_that_was_made_anew_is_counted_anew(void **state)
{
    struct lag_meter meter = {0};
    (void)state;
    lag_look(&meter, &(struct lag_view){behind, 5000, 20}, behind);
    lag_look(&meter, &(struct lag_view){top, 7, 7}, behind);
    assert_int_equal(lag_measure(&meter, behind, 0).events, 7);
}

static void a_clock_that_went_back_makes_no_negative_lag(void **state)
{
    struct lag_meter meter = {0};
    (void)state;
    lag_look(&meter, &(struct lag_view){top, 10, 10}, behind);
    lag_advance(&meter, 12, 5000);
    struct lag lag = lag_measure(&meter, behind, 4000);
    assert_int_equal(lag.events, 0);
    assert_int_equal(lag.ms, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_the_top_there_is_no_lag),
        cmocka_unit_test(a_replica_that_begins_behind_is_as_late_as_the_stream_is_long_at_most),
        cmocka_unit_test(what_is_applied_is_behind_no_more),
        cmocka_unit_test(a_stream_that_was_made_anew_is_counted_anew),
        cmocka_unit_test(a_clock_that_went_back_makes_no_negative_lag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
