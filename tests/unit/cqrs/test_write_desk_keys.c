#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "unit/cqrs/given_keys.h"

static void a_key_that_nobody_had_is_stored_with_the_change(void **state)
{
    struct desk *desk = *state;
    for (size_t i = 0; i < countof(every_kind); i++) {
        forget(desk);
        take_keyed(desk, every_kind[i], KEY);
        go_to_commit(desk, every_kind[i]);
        assert_non_null(strstr(desk->pool->queries[0].statement->sql, "insert into mamparo.keys"));
        assert_int_equal(desk->answers, 0);
        answer_rows(desk, &(struct pg_rows){.affected = 1});
        assert_told(desk, STATUS_OK);
        assert_false(told.is_replayed);
        assert_int_equal(desk->version, every_kind[i].kind == COMMAND_CREATE ? 1 : 4);
    }
}

static void without_a_key_none_is_looked_for_nor_stored(void **state)
{
    struct desk *desk = *state;
    for (size_t i = 0; i < countof(every_kind); i++) {
        forget(desk);
        take_keyed(desk, every_kind[i], "");
        if (every_kind[i].kind != COMMAND_CREATE)
            find_version(desk, "3");
        assert_asked(desk, "insert into mamparo.keys");
        assert_null(fake_query_value(&desk->pool->queries[0], 14).ptr);
        answer_rows(desk, &(struct pg_rows){.affected = 1});
        assert_told(desk, STATUS_OK);
        assert_false(told.is_replayed);
    }
}

static void what_was_done_before_is_answered_with_the_first_outcome(void **state)
{
    static const char *const types[] = {"shop.item.created", "shop.item.updated",
                                        "shop.item.deleted"};
    struct desk *desk = *state;
    for (size_t i = 0; i < countof(every_kind) * countof(types); i++) {
        forget(desk);
        take_keyed(desk, every_kind[i / countof(types)], KEY);
        find_first(desk, "t", types[i % countof(types)]);
        assert_told_of_first(desk, types[i % countof(types)]);
    }
}

static void a_key_stands_for_one_request(void **state)
{
    struct desk *desk = *state;
    for (size_t i = 0; i < countof(every_kind); i++) {
        forget(desk);
        take_keyed(desk, every_kind[i], KEY);
        find_first(desk, "f", "shop.item.created");
        assert_told(desk, STATUS_KEY_REUSED);
    }
}

static void what_the_database_says_of_a_key_is_passed_on(void **state)
{
    static const enum status statuses[] = {STATUS_UNAVAILABLE, STATUS_QUEUE_FULL,
                                           STATUS_QUEUE_TIMEOUT, STATUS_TIMEOUT};
    struct desk *desk = *state;
    for (size_t i = 0; i < countof(statuses); i++) {
        forget(desk);
        take_keyed(desk, every_kind[i % countof(every_kind)], KEY);
        fail_with(desk, statuses[i], NULL);
        assert_told(desk, statuses[i]);
    }
}

static void a_first_outcome_that_makes_no_sense_is_not_passed_on(void **state)
{
    const char *const cells[] = {"t", "no id", "7", "shop.item.created", "{}"};
    struct desk *desk = *state;
    take_keyed(desk, create, KEY);
    assert_asked_for_key(desk);
    answer_rows(desk, &(struct pg_rows){1, countof(cells), cells, 0});
    assert_told(desk, STATUS_INTERNAL);
}

static void a_refused_body_leaves_no_key(void **state)
{
    struct desk *desk = *state;
    for (int again = 0; again < 2; again++) {
        forget(desk);
        take_keyed(desk, (struct order){COMMAND_CREATE, "{'title':''}", 0, false}, KEY);
        find_no_key(desk);
        turn(desk);
        assert_answered(desk, STATUS_INVALID);
    }
}

/* A second one with that key is told so, at the end of the turn, and the first one goes on. */
static void assert_running(struct desk *desk)
{
    size_t asked = desk->pool->count;
    forget(desk);
    take_within_turn(desk, OTHER, create, KEY);
    assert_int_equal(desk->answers, 0);
    turn(desk);
    turn(desk);
    assert_int_equal(desk->answers, 1);
    assert_false(desk->came_inside);
    assert_int_equal(desk->status, STATUS_IN_PROGRESS);
    assert_string_equal(desk->detail, status_info(STATUS_IN_PROGRESS)->sentence);
    assert_int_equal(desk->pool->count, asked);
    forget(desk);
}

static void a_key_is_running_until_its_command_ends(void **state)
{
    struct desk *desk = *state;
    take_keyed(desk, patch, KEY);
    assert_running(desk);
    assert_running(desk); /* whom it refuses does not set it free */
    find_no_key(desk);
    assert_running(desk);
    find_version(desk, "3");
    assert_running(desk);
    commit(desk, UPDATE, 0);
    assert_running(desk);
    find_version(desk, "4");
    assert_running(desk);
    assert_key_bound(desk);
    fail_with(desk, STATUS_CONFLICT, "keys_pkey");
    assert_running(desk);
    find_first(desk, "t", "shop.item.updated");
    assert_told_of_first(desk, "shop.item.updated");
}

static void a_key_is_running_while_its_command_waits_for_its_turn(void **state)
{
    struct desk *desk = *state;
    take_keyed(desk, patch, KEY);
    take(desk, patch);
    answer_rows(desk, &(struct pg_rows){0}); /* no key: now it is behind the one without */
    assert_running(desk);
    find_version(desk, "3");
    assert_running(desk);
    commit(desk, UPDATE, 1);
    assert_int_equal(desk->answers, 1);
    find_version(desk, "4"); /* its turn */
    assert_running(desk);
    assert_key_bound(desk);
    commit(desk, UPDATE, 1);
    assert_told(desk, STATUS_OK);
    assert_int_equal(desk->version, 5);
}

static void commands_with_different_keys_do_not_hinder_each_other(void **state)
{
    struct desk *desk = *state;
    take_keyed(desk, create, KEY);
    take_keyed(desk, create, OTHER_KEY);
    take_keyed(desk, create, "");
    assert_int_equal(desk->answers, 0);
    assert_int_equal(desk->pool->count, 3);
    for (int i = 0; i < 2; i++)
        answer_rows(desk, &(struct pg_rows){0});
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(desk->answers, i);
        assert_non_null(strstr(desk->pool->queries[0].statement->sql, INSERT));
        answer_rows(desk, &(struct pg_rows){.affected = 1});
        assert_int_equal(desk->status, STATUS_OK);
    }
    assert_int_equal(desk->answers, 3);
    assert_int_equal(desk->pool->count, 0);
}

/* How a command that has a key may end. */
static void end_well(struct desk *desk)
{
    go_to_commit(desk, patch);
    answer_rows(desk, &(struct pg_rows){.affected = 1});
}

static void end_unfound(struct desk *desk)
{
    find_no_key(desk);
    find_nothing(desk);
    find_no_key(desk); /* had the same command deleted it elsewhere, its key would be there */
}

static void end_uncertain(struct desk *desk)
{
    go_to_commit(desk, patch);
    fail_with(desk, STATUS_UNCERTAIN, NULL);
}

static void end_replayed(struct desk *desk)
{
    find_first(desk, "t", "shop.item.updated");
}

static void end_reused(struct desk *desk)
{
    find_first(desk, "f", "shop.item.updated");
}

static void end_unavailable(struct desk *desk)
{
    fail_with(desk, STATUS_UNAVAILABLE, NULL);
}

static void end_raced(struct desk *desk)
{
    go_to_commit(desk, patch);
    fail_with(desk, STATUS_CONFLICT, "keys_pkey");
    find_no_key(desk);
}

static void when_its_command_has_ended_a_key_is_free(void **state)
{
    static const struct {
        void (*end)(struct desk *desk);
        enum status told;
    } rows[] = {
        {end_well, STATUS_OK},
        {end_unfound, STATUS_NOT_FOUND},
        {end_uncertain, STATUS_UNCERTAIN},
        {end_replayed, STATUS_OK},
        {end_reused, STATUS_KEY_REUSED},
        {end_unavailable, STATUS_UNAVAILABLE},
        {end_raced, STATUS_IN_PROGRESS},
    };
    struct desk *desk = *state;
    for (size_t i = 0; i < countof(rows); i++) {
        forget(desk);
        take_keyed(desk, patch, KEY);
        rows[i].end(desk);
        assert_answered(desk, rows[i].told);
        forget(desk);
        take_keyed(desk, create, KEY);
        find_first(desk, "t", "shop.item.created");
        assert_told_of_first(desk, "shop.item.created");
    }
}

int main(void)
{
#define AT_A_DESK(test) cmocka_unit_test_setup_teardown(test, open_desk, close_desk)
    const struct CMUnitTest tests[] = {
        AT_A_DESK(a_key_that_nobody_had_is_stored_with_the_change),
        AT_A_DESK(without_a_key_none_is_looked_for_nor_stored),
        AT_A_DESK(what_was_done_before_is_answered_with_the_first_outcome),
        AT_A_DESK(a_key_stands_for_one_request),
        AT_A_DESK(what_the_database_says_of_a_key_is_passed_on),
        AT_A_DESK(a_first_outcome_that_makes_no_sense_is_not_passed_on),
        AT_A_DESK(a_refused_body_leaves_no_key),
        AT_A_DESK(a_key_is_running_until_its_command_ends),
        AT_A_DESK(a_key_is_running_while_its_command_waits_for_its_turn),
        AT_A_DESK(commands_with_different_keys_do_not_hinder_each_other),
        AT_A_DESK(when_its_command_has_ended_a_key_is_free),
    };
    return cmocka_run_group_tests(tests, open_store, NULL);
}
