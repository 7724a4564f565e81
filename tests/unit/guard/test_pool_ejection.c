#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "given_pool.h"

/* Being ejected */

static void a_server_is_ejected_after_so_many_failures_in_a_row(void **state)
{
    (void)state;
    for (unsigned most = 1; most <= 4; most++) {
        struct pool_limits how = limits;
        struct given given;
        how.failures_max = most;
        given_open(&given, 2, how);
        for (unsigned failure = 1; failure < most; failure++)
            let_fail(&given, 0, 10);
        let_succeed(&given, 0, 10); /* which breaks the row */
        for (unsigned failure = 1; failure < most; failure++)
            let_fail(&given, 0, 10);
        assert_string_equal(given.told, "");
        let_fail(&given, 0, 10);
        assert_string_equal(given.told, "e0 ");
        assert_order(&given, POOL_LEAST_BUSY, 10, "10");
        given_close(&given);
    }
}

/* So many answers and then failures, one a millisecond; does the last one eject? */
static void half_of_enough_requests_in_the_window_ejects(void **state)
{
    static const struct {
        unsigned failed_first, answered, failed;
        msec_t pause; /* after the first failures */
        bool is_ejected;
    } rows[] = {
        {0, 0, 19, 0, false},      {0, 0, 20, 0, true},           {1, 10, 9, 0, true},
        {1, 10, 8, 0, false},      {1, 30, 28, 0, false},         {1, 30, 29, 0, true},
        {0, 1000, 19, 0, false}, /* what was answered before the first failure is not counted */
        {0, 1000, 20, 0, true},    {1, 0, 19, WINDOW - 19, true}, {1, 0, 19, WINDOW - 18, false},
        {1, 0, 19, WINDOW, false}, {1, 0, 20, WINDOW, true},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct pool_limits how = limits;
        struct given given;
        msec_t now = 100;
        how.failures_max = 1000;
        how.window_min = 20;
        given_open(&given, 2, how);
        for (unsigned n = 0; n < rows[i].failed_first; n++)
            let_fail(&given, 0, now);
        for (unsigned n = 0; n < rows[i].answered; n++)
            let_succeed(&given, 0, now);
        now += rows[i].pause;
        for (unsigned n = 0; n < rows[i].failed; n++)
            let_fail(&given, 0, now++);
        assert_int_equal(is_ejected(&given, 0, now), rows[i].is_ejected);
        given_close(&given);
    }
}

static void an_ejection_is_over_on_the_millisecond(void **state)
{
    struct given given;
    (void)state;
    given_open(&given, 2, limits);
    let_fail(&given, 0, 1000);
    assert_int_equal(pool_ejected_for(given.pool, 0, 1000), EJECTION);
    assert_true(pool_is_resting(given.pool, 0, 1000 + EJECTION - 1));
    assert_order(&given, POOL_LEAST_BUSY, 1000 + EJECTION - 1, "10");
    assert_false(pool_is_resting(given.pool, 0, 1000 + EJECTION));
    assert_int_equal(pool_ejected_for(given.pool, 0, 1000 + EJECTION), 0);
    assert_order(&given, POOL_LEAST_BUSY, 1000 + EJECTION, "01");
    given_close(&given);
}

static void each_ejection_in_a_row_is_longer_up_to_the_longest(void **state)
{
    struct given given;
    msec_t now = 1000;
    (void)state;
    given_open(&given, 2, limits);
    for (unsigned row = 1; row <= 15; row++) {
        let_fail(&given, 0, now);
        assert_int_equal(pool_ejected_for(given.pool, 0, now), EJECTION * (row < 12 ? row : 12));
        now += pool_ejected_for(given.pool, 0, now);
    }
    assert_string_equal(given.told, "e0 ");
    given_close(&given);
}

static void ejections_are_forgotten_by_one_that_was_back_at_its_full_weight(void **state)
{
    static const struct {
        msec_t lasted;
        unsigned row;
    } rows[] = {{1, 2}, {SLOW_START - 1, 2}, {SLOW_START, 1}, {100 * SLOW_START, 1}};
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct given given;
        msec_t back = 1000 + EJECTION;
        given_open(&given, 2, limits);
        let_fail(&given, 0, 1000);
        let_succeed(&given, 0, back);
        let_fail(&given, 0, back + rows[i].lasted);
        assert_int_equal(pool_ejected_for(given.pool, 0, back + rows[i].lasted),
                         EJECTION * rows[i].row);
        assert_string_equal(given.told, "e0 r0 e0 ");
        given_close(&given);
    }
}

static void what_was_under_way_when_it_changed_tells_nothing_new(void **state)
{
    struct given given;
    (void)state;
    given_open(&given, 2, limits);
    for (int i = 0; i < 6; i++)
        assert_int_equal(take_only(&given, 0, 10), 0);
    pool_give_back(given.pool, 0, POOL_FAILED, 10, 20); /* ejects */
    pool_give_back(given.pool, 0, POOL_FAILED, 10, 30);
    pool_give_back(given.pool, 0, POOL_SUCCEEDED, 10, 40);
    assert_int_equal(pool_ejected_for(given.pool, 0, 40), EJECTION - 20);
    pool_give_back(given.pool, 0, POOL_FAILED, 10, 20 + EJECTION);
    pool_give_back(given.pool, 0, POOL_SUCCEEDED, 10, 20 + EJECTION);
    assert_string_equal(given.told, "e0 ");
    let_succeed(&given, 0, 20 + EJECTION);
    pool_give_back(given.pool, 0, POOL_FAILED, 10, 30 + EJECTION);
    assert_int_equal(pool_in_flight(given.pool, 0), 0);
    assert_string_equal(given.told, "e0 r0 ");
    given_close(&given);
}

static void what_was_asked_in_the_millisecond_of_a_change_tells_nothing_either(void **state)
{
    struct given given;
    (void)state;
    given_open(&given, 2, limits);
    for (int i = 0; i < 2; i++)
        assert_int_equal(take_only(&given, 0, 10), 0);
    pool_give_back(given.pool, 0, POOL_FAILED, 10, 10);
    pool_give_back(given.pool, 0, POOL_SUCCEEDED, 10, 10);
    assert_string_equal(given.told, "e0 ");
    let_succeed(&given, 0, 20);
    let_fail(&given, 0, 20);
    assert_string_equal(given.told, "e0 r0 ");
    given_close(&given);
}

static void what_was_counted_before_an_ejection_is_not_counted_again(void **state)
{
    struct pool_limits how = limits;
    struct given given;
    (void)state;
    how.failures_max = 1000;
    how.window_min = 20;
    how.window = 100 * WINDOW;
    given_open(&given, 2, how);
    for (int i = 0; i < 20; i++)
        let_fail(&given, 0, 10);
    let_succeed(&given, 0, 20);
    for (int i = 0; i < 19; i++)
        let_fail(&given, 0, 30);
    assert_string_equal(given.told, "e0 r0 ");
    let_fail(&given, 0, 30);
    assert_string_equal(given.told, "e0 r0 e0 ");
    given_close(&given);
}

static void one_that_answers_though_it_is_ejected_returns(void **state)
{
    struct given given;
    (void)state;
    given_open(&given, 2, limits);
    let_fail(&given, 0, 10);
    let_fail(&given, 0, 20); /* asked for want of another: no longer for that */
    assert_int_equal(pool_ejected_for(given.pool, 0, 20), EJECTION - 10);
    let_end(&given, 0, POOL_FAILED, 30, 10 + EJECTION);
    assert_int_equal(pool_ejected_for(given.pool, 0, 10 + EJECTION), 0);
    let_succeed(&given, 0, 40);
    assert_string_equal(given.told, "e0 r0 ");
    given_close(&given);
}

/* Given up */

static void one_that_was_given_up_tells_nothing_of_its_server(void **state)
{
    struct given given;
    (void)state;
    given_open(&given, 2, limits);
    for (int i = 0; i < 5; i++)
        let_end(&given, 0, POOL_GIVEN_UP, 10, 1000);
    assert_int_equal(pool_in_flight(given.pool, 0), 0);
    assert_string_equal(given.told, "");
    given_close(&given);
}

/* Asked at 100 and outrun at 120; it answered something at that time, or nothing. */
static void one_that_was_outrun_has_failed_if_its_server_has_answered_nothing_since(void **state)
{
    static const struct {
        msec_t answered_at;
        bool has_failed;
    } rows[] = {{0, true}, {50, true}, {99, true}, {100, false}, {101, false}, {120, false}};
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct given given;
        given_open(&given, 2, limits);
        if (rows[i].answered_at > 0)
            let_end(&given, 0, POOL_SUCCEEDED, 10, rows[i].answered_at);
        let_end(&given, 0, POOL_OUTRUN, 100, 120);
        assert_string_equal(given.told, rows[i].has_failed ? "e0 " : "");
        assert_int_equal(pool_in_flight(given.pool, 0), 0);
        given_close(&given);
    }
}

static void an_answer_that_goes_on_counts_when_it_begins(void **state)
{
    struct given given;
    (void)state;
    given_open(&given, 2, limits);
    let_fail(&given, 0, 10);
    assert_int_equal(take(&given, 10 + EJECTION), 0);
    pool_note_answer(given.pool, 0, 10 + EJECTION, 20 + EJECTION);
    assert_string_equal(given.told, "e0 r0 ");
    assert_int_equal(pool_in_flight(given.pool, 0), 1);
    pool_give_back(given.pool, 0, POOL_GIVEN_UP, 10 + EJECTION, 1000000);
    assert_int_equal(pool_in_flight(given.pool, 0), 0);
    given_close(&given);
}

/* Half-open */

enum { OPEN = 1000 + EJECTION }; /* server 0 of three failed at 1000 */

static void given_half_open(struct given *given)
{
    given_open(given, 3, limits);
    let_fail(given, 0, 1000);
    given->told[0] = '\0';
}

static void one_at_a_time_tries_one_that_is_half_open(void **state)
{
    static const enum pool_outcome outcomes[] = {POOL_SUCCEEDED, POOL_FAILED, POOL_GIVEN_UP,
                                                 POOL_OUTRUN};
    static const char *const told[] = {"r0 ", "", "", ""};
    static const msec_t ejected_for[] = {0, 2 * EJECTION, 0, 2 * EJECTION};
    (void)state;
    for (size_t i = 0; i < countof(outcomes); i++) {
        struct given given;
        given_half_open(&given);
        assert_int_equal(take(&given, OPEN), 0);
        for (int n = 0; n < 4; n++)
            assert_int_not_equal(take(&given, OPEN + 10), 0);
        pool_give_back(given.pool, 0, outcomes[i], OPEN, OPEN + 20);
        assert_string_equal(given.told, told[i]);
        assert_int_equal(pool_ejected_for(given.pool, 0, OPEN + 20), ejected_for[i]);
        assert_int_equal(take(&given, OPEN + 20) == 0, outcomes[i] == POOL_GIVEN_UP);
        given_close(&given);
    }
}

static void what_another_was_asked_is_no_probe(void **state)
{
    struct given given;
    (void)state;
    given_half_open(&given);
    assert_int_equal(pool_take(given.pool, 1 << 1, POOL_LEAST_BUSY, OPEN), 2);
    assert_int_equal(pool_take(given.pool, 1 << 1 | 1 << 2, POOL_LEAST_BUSY, OPEN), 0);
    pool_give_back(given.pool, 0, POOL_SUCCEEDED, OPEN, OPEN + 10);
    assert_string_equal(given.told, "r0 ");
    given_close(&given);
}

static void one_that_is_not_ready_is_not_half_open(void **state)
{
    struct given given;
    (void)state;
    given_half_open(&given);
    fleet_note(given.fleet, 0, FLEET_REFUSED, 2000);
    fleet_note(given.fleet, 1, FLEET_REFUSED, 2000);
    assert_order(&given, POOL_LEAST_BUSY, OPEN, "210");
    given_close(&given);
}

static void one_that_is_half_open_is_ejected_again_though_it_be_the_last(void **state)
{
    struct given given;
    (void)state;
    given_half_open(&given);
    for (int i = 1; i < 3; i++)
        fleet_note(given.fleet, i, FLEET_SILENT, OPEN);
    let_fail(&given, 0, OPEN);
    assert_true(pool_is_resting(given.pool, 0, OPEN));
    assert_order(&given, POOL_LEAST_BUSY, OPEN, "012");
    given_close(&given);
}

static void a_probe_that_vanishes_lets_go_when_its_lease_is_over(void **state)
{
    struct given given;
    (void)state;
    given_half_open(&given);
    assert_int_equal(take(&given, OPEN), 0);
    assert_int_not_equal(take(&given, OPEN + LEASE - 1), 0);
    assert_int_equal(take(&given, OPEN + LEASE), 0);
    assert_int_not_equal(take(&given, OPEN + LEASE), 0);
    /* The first one comes back after all, and takes nothing from the second. */
    pool_give_back(given.pool, 0, POOL_GIVEN_UP, OPEN, OPEN + LEASE + 10);
    assert_int_not_equal(take(&given, OPEN + LEASE + 10), 0);
    pool_give_back(given.pool, 0, POOL_SUCCEEDED, OPEN + LEASE, OPEN + LEASE + 20);
    assert_string_equal(given.told, "r0 ");
    given_close(&given);
}

/* Of so many requests that stay, how many it takes. */
static unsigned share_of(struct given *given, int server, msec_t now)
{
    enum { REQUESTS = 1100 };
    unsigned before = pool_in_flight(given->pool, server);
    int taken[REQUESTS];
    for (int i = 0; i < REQUESTS; i++)
        taken[i] = take(given, now);
    unsigned share = pool_in_flight(given->pool, server) - before;
    for (int i = 0; i < REQUESTS; i++)
        pool_give_back(given->pool, taken[i], POOL_GIVEN_UP, now, now);
    return share;
}

static void assert_slow_start(struct given *given, msec_t back)
{
    static const struct {
        msec_t after;
        unsigned share; /* of 1,100, between two */
    } rows[] = {{0, 100}, {SLOW_START / 2, 390}, {SLOW_START - 1, 550}, {SLOW_START, 550}};
    for (size_t i = 0; i < countof(rows); i++)
        assert_in_range(share_of(given, 0, back + rows[i].after), rows[i].share - 1,
                        rows[i].share + 1);
}

static void one_that_returns_takes_its_full_share_by_and_by(void **state)
{
    struct given given;
    (void)state;
    given_open(&given, 2, limits);
    let_fail(&given, 0, 1000);
    let_succeed(&given, 0, OPEN);
    assert_slow_start(&given, OPEN);
    given_close(&given);
}

static void one_that_comes_up_takes_its_full_share_by_and_by(void **state)
{
    struct given given;
    (void)state;
    given_open(&given, 2, limits);
    fleet_note(given.fleet, 0, FLEET_SILENT, 1000);
    fleet_note(given.fleet, 0, FLEET_PASSED, 2000);
    assert_slow_start(&given, 2000);
    given_close(&given);
}

/* Another thread's watch: it read its clock before the monitor did. */
static void one_that_came_up_a_little_later_than_now_has_just_begun(void **state)
{
    struct given given;
    (void)state;
    given_open(&given, 2, limits);
    fleet_note(given.fleet, 0, FLEET_SILENT, 1000);
    fleet_note(given.fleet, 0, FLEET_PASSED, 20000);
    for (msec_t now = 0; now <= 20000; now += 100)
        assert_in_range(share_of(&given, 0, now), 99, 101);
    given_close(&given);
}

static void one_that_was_down_and_came_up_begins_anew(void **state)
{
    struct given given;
    (void)state;
    given_open(&given, 2, limits);
    let_fail(&given, 0, 1000);
    fleet_note(given.fleet, 0, FLEET_SILENT, 1500);
    fleet_note(given.fleet, 0, FLEET_PASSED, 2000);
    assert_order(&given, POOL_LEAST_BUSY, 2000, "10"); /* slowly */
    assert_string_equal(given.told, "e0 r0 ");
    assert_false(pool_is_resting(given.pool, 0, 2000));
    let_fail(&given, 0, 2100);
    assert_int_equal(pool_ejected_for(given.pool, 0, 2100), EJECTION);
    given_close(&given);
}

static void another_server_in_the_place_is_not_made_to_start_slowly(void **state)
{
    struct given given;
    (void)state;
    given_open(&given, 2, limits);
    let_fail(&given, 0, 1000);
    let_succeed(&given, 0, 2000);
    fleet_leave(given.fleet, 0, 2000);
    join(&given, 0, FLEET_UP, 2000);
    assert_in_range(share_of(&given, 0, 2000), 549, 551);
    given_close(&given);
}

/* All down */

static void of_those_that_are_down_each_is_asked_by_one_at_a_time(void **state)
{
    struct given given;
    (void)state;
    given_open(&given, 2, limits);
    for (int i = 0; i < 2; i++)
        fleet_note(given.fleet, i, FLEET_SILENT, 0);
    assert_int_equal(pool_next_try(given.pool, 100), 0);
    assert_int_equal(take(&given, 100), 0);
    assert_int_equal(pool_next_try(given.pool, 150), 0);
    assert_int_equal(take(&given, 200), 1);
    assert_int_equal(take(&given, 300), POOL_NONE);
    assert_int_equal(pool_next_try(given.pool, 300), LEASE - 200);
    pool_give_back(given.pool, 1, POOL_FAILED, 200, 400);
    assert_int_equal(pool_next_try(given.pool, 400), 0);
    assert_int_equal(take(&given, 400), 1);
    assert_int_equal(take(&given, 100 + LEASE - 1), POOL_NONE);
    assert_int_equal(take(&given, 100 + LEASE), 0);
    assert_string_equal(given.told, "");
    given_close(&given);
}

/* The principal */

static struct pool_limits principal_limits(void)
{
    struct pool_limits how = limits;
    how.policy = POOL_PRINCIPAL;
    return how;
}

static void the_first_that_is_well_is_asked_however_busy(void **state)
{
    struct given given;
    (void)state;
    given_open(&given, 3, principal_limits());
    fleet_note_lag(given.fleet, 0, 5000, 0);
    for (int i = 0; i < 10; i++)
        assert_int_equal(take(&given, 0), 0);
    assert_string_equal(given.told, "");
    assert_int_equal(pool_take(given.pool, 1, POOL_LEAST_BUSY, 0), 1); /* a second try */
    assert_int_equal(pool_take(given.pool, 0, POOL_FRESHEST, 0), 1);
    assert_string_equal(given.told, "");
    given_close(&given);
}

static void the_next_stands_in_until_the_principal_is_back(void **state)
{
    struct given given;
    (void)state;
    given_open(&given, 3, principal_limits());
    assert_int_equal(take(&given, 10), 0);
    fleet_note(given.fleet, 0, FLEET_SILENT, 20);
    assert_int_equal(take(&given, 20), 1);
    assert_int_equal(take(&given, 30), 1);
    assert_string_equal(given.told, "o1 ");
    let_fail(&given, 1, 40);
    assert_int_equal(take(&given, 50), 2);
    assert_string_equal(given.told, "o1 e1 o2 ");
    fleet_note(given.fleet, 0, FLEET_PASSED, 60);
    for (int i = 0; i < 20; i++)
        assert_int_equal(take(&given, 60), 0); /* at once, and wholly */
    assert_string_equal(given.told, "o1 e1 o2 b0 ");
    given_close(&given);
}

static void a_principal_that_was_ejected_gets_its_place_back_by_a_success(void **state)
{
    struct given given;
    (void)state;
    given_open(&given, 2, principal_limits());
    assert_int_equal(take(&given, 1000), 0);
    pool_give_back(given.pool, 0, POOL_FAILED, 1000, 1000);
    assert_int_equal(take(&given, 1000), 1);
    assert_int_equal(take(&given, OPEN), 0); /* the probe */
    assert_int_equal(take(&given, OPEN), 1);
    assert_string_equal(given.told, "e0 o1 ");
    pool_give_back(given.pool, 0, POOL_SUCCEEDED, OPEN, OPEN + 10);
    assert_int_equal(take(&given, OPEN + 10), 0);
    assert_string_equal(given.told, "e0 o1 r0 b0 ");
    given_close(&given);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_is_ejected_after_so_many_failures_in_a_row),
        cmocka_unit_test(half_of_enough_requests_in_the_window_ejects),
        cmocka_unit_test(an_ejection_is_over_on_the_millisecond),
        cmocka_unit_test(each_ejection_in_a_row_is_longer_up_to_the_longest),
        cmocka_unit_test(ejections_are_forgotten_by_one_that_was_back_at_its_full_weight),
        cmocka_unit_test(what_was_under_way_when_it_changed_tells_nothing_new),
        cmocka_unit_test(what_was_asked_in_the_millisecond_of_a_change_tells_nothing_either),
        cmocka_unit_test(what_was_counted_before_an_ejection_is_not_counted_again),
        cmocka_unit_test(one_that_answers_though_it_is_ejected_returns),
        cmocka_unit_test(one_that_was_given_up_tells_nothing_of_its_server),
        cmocka_unit_test(one_that_was_outrun_has_failed_if_its_server_has_answered_nothing_since),
        cmocka_unit_test(an_answer_that_goes_on_counts_when_it_begins),
        cmocka_unit_test(one_at_a_time_tries_one_that_is_half_open),
        cmocka_unit_test(what_another_was_asked_is_no_probe),
        cmocka_unit_test(one_that_is_not_ready_is_not_half_open),
        cmocka_unit_test(one_that_is_half_open_is_ejected_again_though_it_be_the_last),
        cmocka_unit_test(a_probe_that_vanishes_lets_go_when_its_lease_is_over),
        cmocka_unit_test(one_that_returns_takes_its_full_share_by_and_by),
        cmocka_unit_test(one_that_comes_up_takes_its_full_share_by_and_by),
        cmocka_unit_test(one_that_came_up_a_little_later_than_now_has_just_begun),
        cmocka_unit_test(one_that_was_down_and_came_up_begins_anew),
        cmocka_unit_test(another_server_in_the_place_is_not_made_to_start_slowly),
        cmocka_unit_test(of_those_that_are_down_each_is_asked_by_one_at_a_time),
        cmocka_unit_test(the_first_that_is_well_is_asked_however_busy),
        cmocka_unit_test(the_next_stands_in_until_the_principal_is_back),
        cmocka_unit_test(a_principal_that_was_ejected_gets_its_place_back_by_a_success),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
