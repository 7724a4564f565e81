#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "unit/cqrs/given_desk.h"

static void a_creation_asks_the_database_once(void **state)
{
    struct desk *desk = *state;
    take(desk, (struct order){COMMAND_CREATE, NEW, 0, false});
    commit(desk, INSERT, 1);
    assert_answered(desk, STATUS_OK);
    assert_int_equal(desk->version, 1);
    assert_non_null(strstr(desk->kept.ptr, "\"version\":1,\"title\":\"new\""));
}

static void a_change_finds_the_record_first(void **state)
{
    static const struct order orders[] = {
        {COMMAND_REPLACE, NEW, 0, false}, {COMMAND_REPLACE, NEW, 3, false},
        {COMMAND_PATCH, NEW, 0, false},   {COMMAND_PATCH, NEW, 3, false},
        {COMMAND_DELETE, NULL, 0, false}, {COMMAND_DELETE, NULL, 3, false},
    };
    struct desk *desk = *state;
    for (size_t i = 0; i < countof(orders); i++) {
        desk->answers = 0;
        take(desk, orders[i]);
        find_version(desk, "3");
        assert_int_equal(desk->answers, 0);
        struct fake_query *query = &desk->pool->queries[0];
        assert_true(str_equal(fake_query_value(query, 0), STR(ID)));
        assert_true(str_equal(fake_query_value(query, 1), STR("4")));
        commit(desk, UPDATE, 1);
        assert_answered(desk, STATUS_OK);
        assert_int_equal(desk->version, 4);
    }
}

static void what_must_be_new_is_inserted_only_where_there_is_nothing(void **state)
{
    struct desk *desk = *state;
    take(desk, (struct order){COMMAND_REPLACE, NEW, 0, true});
    find_nothing(desk);
    commit(desk, INSERT, 1);
    assert_answered(desk, STATUS_OK);
    desk->answers = 0;
    take(desk, (struct order){COMMAND_REPLACE, NEW, 0, true});
    find_tombstone(desk);
    assert_answered(desk, STATUS_PRECONDITION_FAILED);
}

/* The values of every commit must be those of the record found last. */
static void when_somebody_was_faster_it_is_tried_again(void **state)
{
    static const struct order orders[] = {{COMMAND_REPLACE, NEW, 0, false},
                                          {COMMAND_PATCH, NEW, 0, false},
                                          {COMMAND_DELETE, NULL, 0, false}};
    struct desk *desk = *state;
    for (size_t i = 0; i < countof(orders); i++) {
        desk->answers = 0;
        take(desk, orders[i]);
        find_version(desk, "3");
        commit(desk, UPDATE, 0);
        find_version(desk, "4");
        commit(desk, UPDATE, 0);
        find_version(desk, "7");
        assert_true(str_equal(fake_query_value(&desk->pool->queries[0], 1), STR("8")));
        assert_int_equal(desk->answers, 0);
        commit(desk, UPDATE, 1);
        assert_answered(desk, STATUS_OK);
        assert_int_equal(desk->version, 8);
    }
}

static void when_somebody_deleted_it_meanwhile_there_is_nothing_to_change(void **state)
{
    struct desk *desk = *state;
    take(desk, (struct order){COMMAND_PATCH, NEW, 0, false});
    find_version(desk, "3");
    commit(desk, UPDATE, 0);
    find_tombstone(desk);
    assert_answered(desk, STATUS_NOT_FOUND);
}

/* Others are faster again and again: at first for as long as the desk has patience, then once
 * more. */
static void lose_until_patience_ends(struct desk *desk)
{
    enum { ATTEMPTS = 50 };
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        monotonic_ms += attempt == 0 ? PATIENCE_MS - 1 : 0;
        commit(desk, UPDATE, 0);
        assert_int_equal(desk->answers, 0);
        find_version(desk, "3");
    }
    monotonic_ms++;
    commit(desk, UPDATE, 0);
}

static void after_two_seconds_of_contention_it_gives_up(void **state)
{
    static const struct order orders[] = {{COMMAND_REPLACE, NEW, 0, false},
                                          {COMMAND_PATCH, NEW, 0, false},
                                          {COMMAND_DELETE, NULL, 0, false}};
    struct desk *desk = *state;
    for (size_t i = 0; i < countof(orders); i++) {
        desk->answers = 0;
        take(desk, orders[i]);
        find_version(desk, "3");
        lose_until_patience_ends(desk);
        assert_answered(desk, STATUS_QUEUE_TIMEOUT);
        assert_string_equal(desk->detail, "the request waited too long for its turn");
    }
}

/* Whose answer is about the record, not about the wait. */
static void who_set_a_condition_is_told_of_it_however_late(void **state)
{
    static const struct order orders[] = {{COMMAND_PATCH, NEW, 3, false},
                                          {COMMAND_REPLACE, NEW, 0, true}};
    struct desk *desk = *state;
    for (size_t i = 0; i < countof(orders); i++) {
        desk->answers = 0;
        take(desk, orders[i]);
        monotonic_ms += PATIENCE_MS + 1;
        if (orders[i].must_be_new)
            find_nothing(desk);
        else
            find_version(desk, "3");
        commit(desk, orders[i].must_be_new ? INSERT : UPDATE, 0);
        assert_answered(desk, STATUS_PRECONDITION_FAILED);
    }
}

static void who_named_a_version_is_told_that_somebody_was_faster(void **state)
{
    static const struct order orders[] = {{COMMAND_REPLACE, NEW, 3, false},
                                          {COMMAND_PATCH, NEW, 3, false},
                                          {COMMAND_DELETE, NULL, 3, false}};
    struct desk *desk = *state;
    for (size_t i = 0; i < countof(orders); i++) {
        desk->answers = 0;
        take(desk, orders[i]);
        find_version(desk, "3");
        commit(desk, UPDATE, 0);
        assert_answered(desk, STATUS_PRECONDITION_FAILED);
        assert_string_equal(desk->detail, "the record has another version");
    }
}

static void an_id_that_was_taken_meanwhile_is_not_tried_again(void **state)
{
    static const struct order orders[] = {{COMMAND_REPLACE, NEW, 0, true},
                                          {COMMAND_CREATE, NEW, 0, false}};
    struct desk *desk = *state;
    for (size_t i = 0; i < countof(orders); i++) {
        desk->answers = 0;
        take(desk, orders[i]);
        if (orders[i].must_be_new)
            find_nothing(desk);
        commit(desk, INSERT, 0);
        assert_answered(desk, STATUS_PRECONDITION_FAILED);
        assert_string_equal(desk->detail, "a record with this id exists already");
    }
}

/* What the database says of a commit or of a search, and what the asker is told. */
static const struct {
    enum status status;
    const char *constraint, *detail;
} endings[] = {
    {STATUS_UNCERTAIN, NULL, "the write may or may not have happened"},
    {STATUS_QUEUE_FULL, NULL, "too many requests are waiting"},
    {STATUS_QUEUE_TIMEOUT, NULL, "the request waited too long for its turn"},
    {STATUS_UNAVAILABLE, NULL, "the database cannot be reached"},
    {STATUS_TIMEOUT, NULL, "no answer came in time"},
    {STATUS_CONFLICT, "items.title.unique", "another record has the same title"},
    {STATUS_CONFLICT, "items.other.unique", "another record holds this value"},
    {STATUS_CONFLICT, "items_pkey", "another record holds this value"},
    {STATUS_CONFLICT, NULL, "another record holds this value"},
};

static void what_the_database_says_of_a_commit_is_passed_on(void **state)
{
    struct desk *desk = *state;
    for (size_t i = 0; i < countof(endings); i++) {
        desk->answers = 0;
        take(desk, (struct order){COMMAND_PATCH, NEW, 0, false});
        find_version(desk, "3");
        fake_pg_pool_answer(desk->pool, &(struct pg_outcome){.status = endings[i].status,
                                                             .constraint = endings[i].constraint});
        turn(desk);
        assert_answered(desk, endings[i].status);
        assert_string_equal(desk->detail, endings[i].detail);
    }
}

static void what_the_database_says_of_a_search_is_passed_on(void **state)
{
    struct desk *desk = *state;
    for (size_t i = 1; i < 5; i++) {
        desk->answers = 0;
        take(desk, (struct order){COMMAND_DELETE, NULL, 3, false});
        fake_pg_pool_answer(desk->pool, &(struct pg_outcome){.status = endings[i].status});
        turn(desk);
        assert_answered(desk, endings[i].status);
        assert_string_equal(desk->detail, endings[i].detail);
    }
}

static void a_refused_body_reaches_no_database(void **state)
{
    struct desk *desk = *state;
    take(desk, (struct order){COMMAND_CREATE, "{'title':''}", 0, false});
    assert_int_equal(desk->answers, 1);
    assert_int_equal(desk->status, STATUS_INVALID);
    assert_int_equal(desk->pool->count, 0);
}

static void even_a_refused_body_is_not_answered_from_inside_the_call(void **state)
{
    struct desk *desk = *state;
    take(desk, (struct order){COMMAND_CREATE, "[]", 0, false});
    assert_answered(desk, STATUS_INVALID);
}

int main(void)
{
#define AT_A_DESK(test) cmocka_unit_test_setup_teardown(test, open_desk, close_desk)
    const struct CMUnitTest tests[] = {
        AT_A_DESK(a_creation_asks_the_database_once),
        AT_A_DESK(a_change_finds_the_record_first),
        AT_A_DESK(what_must_be_new_is_inserted_only_where_there_is_nothing),
        AT_A_DESK(when_somebody_was_faster_it_is_tried_again),
        AT_A_DESK(when_somebody_deleted_it_meanwhile_there_is_nothing_to_change),
        AT_A_DESK(after_two_seconds_of_contention_it_gives_up),
        AT_A_DESK(who_set_a_condition_is_told_of_it_however_late),
        AT_A_DESK(who_named_a_version_is_told_that_somebody_was_faster),
        AT_A_DESK(an_id_that_was_taken_meanwhile_is_not_tried_again),
        AT_A_DESK(what_the_database_says_of_a_commit_is_passed_on),
        AT_A_DESK(what_the_database_says_of_a_search_is_passed_on),
        AT_A_DESK(a_refused_body_reaches_no_database),
        AT_A_DESK(even_a_refused_body_is_not_answered_from_inside_the_call),
    };
    return cmocka_run_group_tests(tests, open_store, NULL);
}
