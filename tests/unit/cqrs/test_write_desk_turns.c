#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "unit/cqrs/given_desk.h"

static void assert_kept(const struct desk *desk, const char *title)
{
    struct buf text = {0};
    buf_printf(&text, "\"title\":\"%s\"", title);
    const char *last = NULL;
    for (const char *at = desk->kept.ptr; (at = strstr(at, "\"title\":")) != NULL; at++)
        last = at;
    assert_non_null(last);
    assert_memory_equal(last, text.ptr, text.len);
    buf_free(&text);
}

static void commands_for_one_record_run_one_after_the_other_as_they_came(void **state)
{
    static const char *const versions[] = {"3", "4", "5", "6", "7"};
    static const char *const titles[] = {"a", "b", "c", "d", "e"};
    struct desk *desk = *state;
    take(desk, (struct order){COMMAND_PATCH, "{'title':'a'}", 0, false});
    take(desk, (struct order){COMMAND_REPLACE, "{'title':'b'}", 0, false});
    take(desk, (struct order){COMMAND_PATCH, "{'title':'c'}", 5, false});
    for (unsigned i = 0; i < countof(titles); i++) {
        find_version(desk, versions[i]);
        if (i == 1)
            take(desk, (struct order){COMMAND_PATCH, "{'title':'d'}", 0, false});
        assert_int_equal(desk->answers, i);
        commit(desk, UPDATE, 1);
        assert_int_equal(desk->answers, i + 1);
        assert_kept(desk, titles[i]);
        if (i == 2)
            take(desk, (struct order){COMMAND_PATCH, "{'title':'e'}", 0, false});
    }
    assert_int_equal(desk->pool->count, 0);
    assert_int_equal(desk->status, STATUS_OK);
    assert_false(desk->came_inside);
}

/* It has the version that somebody else made; those who wait here keep waiting. */
static void who_was_too_slow_for_another_server_keeps_his_turn(void **state)
{
    struct desk *desk = *state;
    take(desk, (struct order){COMMAND_PATCH, "{'title':'a'}", 0, false});
    take(desk, (struct order){COMMAND_PATCH, "{'title':'b'}", 0, false});
    find_version(desk, "3");
    commit(desk, UPDATE, 0);
    find_version(desk, "4");
    commit(desk, UPDATE, 1);
    assert_int_equal(desk->answers, 1);
    assert_kept(desk, "a");
    find_version(desk, "5");
    commit(desk, UPDATE, 1);
    assert_int_equal(desk->answers, 2);
    assert_kept(desk, "b");
}

static void commands_for_different_records_do_not_wait(void **state)
{
    struct desk *desk = *state;
    static const struct order order = {COMMAND_PATCH, NEW, 0, false};
    take(desk, order);
    take_for(desk, desk->collections[0], STR(OTHER), order);
    take_for(desk, desk->collections[1], STR(ID), order);
    take(desk, order); /* this one waits */
    struct fake_query *queries = desk->pool->queries;
    assert_int_equal(desk->pool->count, 3);
    assert_true(str_equal(fake_query_value(&queries[0], 0), STR(ID)));
    assert_true(str_equal(fake_query_value(&queries[1], 0), STR(OTHER)));
    assert_true(str_equal(fake_query_value(&queries[2], 0), STR(ID)));
    for (unsigned i = 0; i < 3; i++)
        answer_rows(desk, &(struct pg_rows){0});
    assert_int_equal(desk->answers, 3);
    assert_int_equal(desk->status, STATUS_NOT_FOUND);
    find_nothing(desk);
    assert_int_equal(desk->answers, 4);
    assert_int_equal(desk->pool->count, 0);
}

/* Its record cannot be there yet. */
static void a_creation_does_not_wait(void **state)
{
    struct desk *desk = *state;
    take(desk, (struct order){COMMAND_PATCH, NEW, 0, false});
    take(desk, (struct order){COMMAND_CREATE, NEW, 0, false});
    assert_int_equal(desk->pool->count, 2);
    assert_non_null(strstr(desk->pool->queries[1].statement->sql, INSERT));
    answer_rows(desk, &(struct pg_rows){0});
    assert_int_equal(desk->answers, 1);
    commit(desk, INSERT, 1);
    assert_int_equal(desk->answers, 2);
}

/* How the first ends: found in version 3, or not; and what becomes of its commit. */
static const struct {
    struct order order;
    enum status found, committed, told;
} refusals[] = {
    {{COMMAND_PATCH, "{'title':''}", 0, false}, STATUS_OK, STATUS_OK, STATUS_INVALID},
    {{COMMAND_PATCH, NEW, 2, false}, STATUS_OK, STATUS_OK, STATUS_PRECONDITION_FAILED},
    {{COMMAND_REPLACE, NEW, 0, true}, STATUS_OK, STATUS_OK, STATUS_PRECONDITION_FAILED},
    {{COMMAND_PATCH, NEW, 0, false}, STATUS_UNAVAILABLE, STATUS_OK, STATUS_UNAVAILABLE},
    {{COMMAND_DELETE, NULL, 0, false}, STATUS_QUEUE_TIMEOUT, STATUS_OK, STATUS_QUEUE_TIMEOUT},
    {{COMMAND_PATCH, NEW, 0, false}, STATUS_OK, STATUS_CONFLICT, STATUS_CONFLICT},
    {{COMMAND_DELETE, NULL, 3, false}, STATUS_OK, STATUS_UNCERTAIN, STATUS_UNCERTAIN},
};

static void refuse_first(struct desk *desk, size_t row)
{
    bool is_planned = refusals[row].told == refusals[row].committed;
    if (refusals[row].found == STATUS_OK)
        find_version(desk, "3");
    else
        fake_pg_pool_answer(desk->pool, &(struct pg_outcome){.status = refusals[row].found});
    if (is_planned)
        fake_pg_pool_answer(desk->pool, &(struct pg_outcome){.status = refusals[row].committed});
    turn(desk);
}

static void after_a_refusal_the_next_one_has_its_turn(void **state)
{
    struct desk *desk = *state;
    for (size_t i = 0; i < countof(refusals); i++) {
        desk->answers = 0;
        take(desk, refusals[i].order);
        take(desk, (struct order){COMMAND_PATCH, "{'title':'b'}", 0, false});
        take(desk, (struct order){COMMAND_PATCH, "{'title':'c'}", 0, false});
        refuse_first(desk, i);
        if (desk->answers != 1 || desk->status != refusals[i].told)
            fail_msg("row %zu: %s", i, status_info(desk->status)->name);
        find_version(desk, "3");
        commit(desk, UPDATE, 1);
        assert_kept(desk, "b");
        find_version(desk, "4");
        commit(desk, UPDATE, 1);
        assert_kept(desk, "c");
        assert_int_equal(desk->answers, 3);
    }
}

static void after_one_that_gave_up_the_next_one_has_its_turn(void **state)
{
    struct desk *desk = *state;
    take(desk, (struct order){COMMAND_PATCH, NEW, 0, false});
    find_version(desk, "3");
    monotonic_ms += PATIENCE_MS;
    take(desk, (struct order){COMMAND_PATCH, NEW, 0, false});
    commit(desk, UPDATE, 0);
    assert_int_equal(desk->answers, 1);
    assert_int_equal(desk->status, STATUS_QUEUE_TIMEOUT);
    find_version(desk, "4");
    commit(desk, UPDATE, 0); /* this one's patience began later */
    find_version(desk, "5");
    commit(desk, UPDATE, 1);
    assert_int_equal(desk->answers, 2);
    assert_int_equal(desk->status, STATUS_OK);
}

/* The same for one row, and not for another: batches take their locks in that order. */
static void a_commit_names_the_row_that_it_locks(void **state)
{
    static const char *const ids[] = {ID, OTHER, ID};
    struct desk *desk = *state;
    struct uuid locks[countof(ids)];
    for (size_t i = 0; i < countof(ids); i++) {
        take_for(desk, desk->collections[0], str_from(ids[i]),
                 (struct order){COMMAND_CREATE, NEW, 0, false});
        locks[i] = desk->pool->queries[0].values.lock_order;
        commit(desk, INSERT, 1);
    }
    assert_memory_equal(&locks[0], &locks[2], sizeof(struct uuid));
    assert_memory_not_equal(&locks[0], &locks[1], sizeof(struct uuid));
}

int main(void)
{
#define AT_A_DESK(test) cmocka_unit_test_setup_teardown(test, open_desk, close_desk)
    const struct CMUnitTest tests[] = {
        AT_A_DESK(commands_for_one_record_run_one_after_the_other_as_they_came),
        AT_A_DESK(who_was_too_slow_for_another_server_keeps_his_turn),
        AT_A_DESK(commands_for_different_records_do_not_wait),
        AT_A_DESK(a_creation_does_not_wait),
        AT_A_DESK(after_a_refusal_the_next_one_has_its_turn),
        AT_A_DESK(after_one_that_gave_up_the_next_one_has_its_turn),
        AT_A_DESK(a_commit_names_the_row_that_it_locks),
    };
    return cmocka_run_group_tests(tests, open_store, NULL);
}
