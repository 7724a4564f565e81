#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "cqrs/write_desk.h"
#include "fake/pg_pool.h"
#include "unit/model/given.h"

#define ID "018f3e7c-0000-7000-8000-000000000001"

/* A write side with one collection, and what was told of the one command that it carries. */
struct desk {
    struct collection *collection;
    struct service service;
    struct model model;
    struct pg_pool *pool;
    struct write_store *store;
    unsigned answers;
    bool is_inside; /* the call that started it has not returned */
    bool came_inside;
    enum status status;
    char detail[PROBLEM_DETAIL_SIZE];
    int64_t version; /* of the change; 0: there was none */
    struct buf kept; /* the bodies of all changes */
};

/* Once for all tests: a store lives as long as the process. */
static int open_desk(void **state)
{
    static struct desk desk;
    desk.collection = given_collection(
        "{'name':'title','type':'string','minLength':1,'maxLength':99,'unique':true}");
    desk.service = (struct service){desk.collection->service, &desk.collection, 1};
    desk.model = (struct model){&desk.service, 1};
    desk.pool = pg_pool_open(loop_new(), &(struct pg_pool_options){0});
    desk.store = write_store_new(desk.pool, &desk.model);
    *state = &desk;
    return 0;
}

static int clear_desk(void **state)
{
    struct desk *desk = *state;
    desk->answers = 0;
    desk->came_inside = false;
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

static void take(struct desk *desk, struct order order)
{
    struct command command = {.kind = order.kind,
                              .collection = desk->collection,
                              .version = order.version,
                              .must_be_new = order.must_be_new,
                              .body = order.body == NULL ? NULL : given_json(order.body)};
    assert_true(uuid_parse(STR(ID), &command.id));
    desk->is_inside = true;
    write_desk_take(write_desk_new(desk->store), &command, on_done, desk);
    desk->is_inside = false;
    assert_null(command.body); /* it is the desk's now */
    turn(desk);
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

static void after_ten_attempts_it_gives_up(void **state)
{
    struct desk *desk = *state;
    take(desk, (struct order){COMMAND_PATCH, NEW, 0, false});
    for (int attempt = 0; attempt < 10; attempt++) {
        assert_int_equal(desk->answers, 0);
        find_version(desk, "3");
        commit(desk, UPDATE, 0);
    }
    assert_answered(desk, STATUS_PRECONDITION_FAILED);
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
#define AT_A_DESK(test) cmocka_unit_test_teardown(test, clear_desk)
    const struct CMUnitTest tests[] = {
        AT_A_DESK(a_creation_asks_the_database_once),
        AT_A_DESK(a_change_finds_the_record_first),
        AT_A_DESK(what_must_be_new_is_inserted_only_where_there_is_nothing),
        AT_A_DESK(when_somebody_was_faster_it_is_tried_again),
        AT_A_DESK(when_somebody_deleted_it_meanwhile_there_is_nothing_to_change),
        AT_A_DESK(after_ten_attempts_it_gives_up),
        AT_A_DESK(who_named_a_version_is_told_that_somebody_was_faster),
        AT_A_DESK(an_id_that_was_taken_meanwhile_is_not_tried_again),
        AT_A_DESK(what_the_database_says_of_a_commit_is_passed_on),
        AT_A_DESK(what_the_database_says_of_a_search_is_passed_on),
        AT_A_DESK(a_refused_body_reaches_no_database),
        AT_A_DESK(even_a_refused_body_is_not_answered_from_inside_the_call),
    };
    return cmocka_run_group_tests(tests, open_desk, NULL);
}
