#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "guard/budget.h"

static const struct budget_limits retries = {.share = 200, .least = 3, .burst = 128};
static const struct budget_limits hedges = {.share = 50, .least = 0, .burst = 32};

/* So many requests, evenly over so long, each of which wants so many further tries; how many it
 * got of them. */
static unsigned run(struct budget *budget, unsigned requests, unsigned wishes, msec_t from,
                    msec_t span)
{
    unsigned got = 0;
    for (unsigned i = 0; i < requests; i++) {
        msec_t now = from + span * i / requests;
        budget_deposit(budget, now);
        for (unsigned wish = 0; wish < wishes; wish++)
            got += budget_withdraw(budget, now);
    }
    return got;
}

static void when_everything_fails_attempts_are_at_most_six_fifths_of_requests(void **state)
{
    static const struct {
        unsigned requests;
        msec_t span;
    } rows[] = {{15, 1}, {100, 9000}, {1000, 1000}, {1000, 60000}, {100000, 3600000}};
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct budget budget;
        budget_init(&budget, retries, 12345);
        unsigned got = run(&budget, rows[i].requests, 2, 12345, rows[i].span);
        assert_in_range(got, rows[i].requests / 5 - 1, rows[i].requests / 5 + retries.least);
    }
}

/* Whatever a window begins with is an advance on what it earns. */
static void over_whole_windows_withdrawals_are_never_above_the_share(void **state)
{
    (void)state;
    struct budget budget;
    budget_init(&budget, retries, 0);
    unsigned requests = 0, got = 0;
    for (msec_t window = 0; window < 1000; window++) {
        unsigned count = 15 + (unsigned)(window * 7919 % 300);
        got += run(&budget, count, 2, window * BUDGET_WINDOW_MS, BUDGET_WINDOW_MS);
        requests += count;
        assert_in_range(got, 0, requests / 5);
    }
    assert_in_range(got, requests / 5 - 1, requests / 5);
}

static void with_little_traffic_there_are_three_in_each_window(void **state)
{
    (void)state;
    for (unsigned requests = 1; requests <= 15; requests++) {
        struct budget budget;
        budget_init(&budget, retries, 0);
        for (msec_t window = 0; window < 20; window++)
            assert_int_equal(run(&budget, requests, 5, window * BUDGET_WINDOW_MS, BUDGET_WINDOW_MS),
                             3);
    }
}

static void idle_windows_save_nothing_up(void **state)
{
    (void)state;
    struct budget budget;
    budget_init(&budget, retries, 0);
    for (msec_t window = 1; window < 100; window++)
        assert_int_equal(run(&budget, window % 5 == 0 ? 15 : 0, 5, window * BUDGET_WINDOW_MS, 1),
                         window % 5 == 0 ? 3 : 0);
}

static void what_was_not_used_may_be_used_at_once_up_to_the_burst(void **state)
{
    static const struct {
        unsigned requests, burst;
    } rows[] = {{15, 3}, {100, 20}, {640, 128}, {100000, 128}};
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct budget budget;
        unsigned got = 0;
        budget_init(&budget, retries, 0);
        run(&budget, rows[i].requests, 0, 0, BUDGET_WINDOW_MS);
        while (budget_withdraw(&budget, BUDGET_WINDOW_MS - 1))
            got++;
        assert_int_equal(got, rows[i].burst);
    }
}

static void hedges_are_a_twentieth_and_nothing_is_advanced(void **state)
{
    (void)state;
    struct budget budget;
    budget_init(&budget, hedges, 0);
    assert_int_equal(run(&budget, 19, 1, 0, 1), 0);
    assert_int_equal(run(&budget, 100001, 1, 0, 100000), 5001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(when_everything_fails_attempts_are_at_most_six_fifths_of_requests),
        cmocka_unit_test(over_whole_windows_withdrawals_are_never_above_the_share),
        cmocka_unit_test(with_little_traffic_there_are_three_in_each_window),
        cmocka_unit_test(idle_windows_save_nothing_up),
        cmocka_unit_test(what_was_not_used_may_be_used_at_once_up_to_the_burst),
        cmocka_unit_test(hedges_are_a_twentieth_and_nothing_is_advanced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
