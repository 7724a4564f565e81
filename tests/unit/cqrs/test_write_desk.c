#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cqrs/write_desk.h"
#include "fake/pg_pool.h"
#include "unit/model/given.h"

#define ID    "018f3e7c-0000-7000-8000-000000000001"
#define OTHER "018f3e7c-0000-7000-8000-000000000002"

/* libc's, as base/clock.c finds it: in a test the time passes when the test says so. */
static int64_t monotonic_ms = 1000000;
int clock_gettime(clockid_t clock, struct timespec *now)
{
    if (clock != CLOCK_MONOTONIC)
        return (int)syscall(SYS_clock_gettime, clock, now);
    *now = (struct timespec){monotonic_ms / 1000, monotonic_ms % 1000 * 1000000};
    return 0;
}

/* A write side with two collections, and what was told of the commands that it carries. */
struct desk {
    struct collection *collections[2];
    struct service service;
    struct model model;
    struct pg_pool *pool;
    struct write_store *store;
    struct write_desk *itself;
    unsigned answers;
    bool is_inside; /* the call that started it has not returned */
    bool came_inside;
    enum status status; /* of the last answer, as what follows */
    char detail[PROBLEM_DETAIL_SIZE];
    int64_t version; /* of the change; 0: there was none */
    struct buf kept; /* the bodies of all changes */
};

/* Once for all tests: a store lives as long as the process. */
static int open_store(void **state)
{
    static struct desk desk;
    for (size_t i = 0; i < countof(desk.collections); i++)
        desk.collections[i] = given_collection(
            "{'name':'title','type':'string','minLength':1,'maxLength':99,'unique':true}");
    desk.service = (struct service){desk.collections[0]->service, desk.collections, 2};
    desk.model = (struct model){&desk.service, 1};
    desk.pool = pg_pool_open(loop_new(), &(struct pg_pool_options){0});
    desk.store = write_store_new(desk.pool, &desk.model);
    *state = &desk;
    return 0;
}

static int open_desk(void **state)
{
    struct desk *desk = *state;
    desk->itself = write_desk_new(desk->store);
    desk->answers = 0;
    desk->came_inside = false;
    return 0;
}

static int close_desk(void **state)
{
    struct desk *desk = *state;
    free(desk->itself);
    buf_free(&desk->kept);
    return 0;
}

static void on_done(void *arg, const struct write_answer *answer)
{
    struct desk *desk = arg;
    desk->answers++;
    desk->came_inside |= desk->is_inside;
    desk->status = answer->problem->status;
    memcpy(desk->detail, answer->problem->detail, sizeof(desk->detail));
    assert_true((answer->change == NULL) == problem_is_set(answer->problem));
    desk->version = answer->change == NULL ? 0 : answer->change->version;
    if (answer->change != NULL)
        buf_append_str(&desk->kept, buf_str(&answer->change->body));
}

static void turn(struct desk *desk)
{
    loop_turn(desk->pool->loop, 0);
}

struct order {
    enum command_kind kind;
    const char *body; /* NULL: none */
    int64_t version;
    bool must_be_new;
};

static void take_for(struct desk *desk, const struct collection *collection, struct str id,
                     struct order order)
{
    struct command command = {.kind = order.kind,
                              .collection = collection,
                              .version = order.version,
                              .must_be_new = order.must_be_new,
                              .body = order.body == NULL ? NULL : given_json(order.body)};
    assert_true(uuid_parse(id, &command.id));
    desk->is_inside = true;
    write_desk_take(desk->itself, &command, on_done, desk);
    desk->is_inside = false;
    assert_null(command.body); /* it is the desk's now */
    turn(desk);
}

static void take(struct desk *desk, struct order order)
{
    take_for(desk, desk->collections[0], STR(ID), order);
}

/* Is this what the database is asked now, and nothing besides? */
static void assert_asked(const struct desk *desk, const char *sql)
{
    assert_int_equal(desk->pool->count, 1);
    if (strstr(desk->pool->queries[0].statement->sql, sql) == NULL)
        fail_msg("not \"%s\" but %s", sql, desk->pool->queries[0].statement->sql);
}

static void answer_rows(struct desk *desk, const struct pg_rows *rows)
{
    fake_pg_pool_answer(desk->pool, &(struct pg_outcome){.status = STATUS_OK, .rows = rows});
    turn(desk);
}

static void find_version(struct desk *desk, const char *version)
{
    struct buf body = {0};
    given_text("{'id':'" ID "','version':", &body);
    buf_append_text(&body, version);
    given_text(",'title':'old','created_at':'2026-11-20T00:00:00.000Z',"
               "'updated_at':'2026-11-20T00:00:00.000Z','created_by':null,'updated_by':null}",
               &body);
    assert_asked(desk, "select version, deleted, body from \"shop\".\"items\"");
    answer_rows(desk, &(struct pg_rows){1, 3, (const char *const[]){version, "f", body.ptr}, 0});
    buf_free(&body);
}

static void find_nothing(struct desk *desk)
{
    assert_asked(desk, "select version, deleted, body");
    answer_rows(desk, &(struct pg_rows){0});
}

static void find_tombstone(struct desk *desk)
{
    assert_asked(desk, "select version, deleted, body");
    answer_rows(desk, &(struct pg_rows){1, 3, (const char *const[]){"4", "t", "{}"}, 0});
}

static void commit(struct desk *desk, const char *sql, size_t affected)
{
    assert_asked(desk, sql);
    answer_rows(desk, &(struct pg_rows){.affected = affected});
}

static void assert_answered(const struct desk *desk, enum status status)
{
    assert_int_equal(desk->answers, 1);
    assert_false(desk->came_inside);
    assert_int_equal(desk->pool->count, 0);
    if (desk->status != status)
        fail_msg("%s: %s", status_info(desk->status)->name, desk->detail);
}

#define INSERT "insert into \"shop\".\"items\""
#define UPDATE "update \"shop\".\"items\""
#define NEW    "{'title':'new'}"

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

enum { PATIENCE_MS = 2000 };

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

/* Several commands */

static void assert_kept(const struct desk *desk, const char *title)
{
    struct buf text = {0};
    buf_printf(&text, "\"title\":\"%s\"", title);
    const char *at = strstr(desk->kept.ptr, text.ptr);
    if (at == NULL || strstr(at + 1, "\"title\"") != NULL)
        fail_msg("the last one kept in %s is not %s", desk->kept.ptr, title);
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
    uint64_t locks[countof(ids)];
    for (size_t i = 0; i < countof(ids); i++) {
        take_for(desk, desk->collections[0], str_from(ids[i]),
                 (struct order){COMMAND_CREATE, NEW, 0, false});
        locks[i] = desk->pool->queries[0].values.lock_order;
        commit(desk, INSERT, 1);
    }
    assert_true(locks[0] != 0 && locks[0] == locks[2] && locks[0] != locks[1]);
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
