/* A desk with a fake database behind it, and a clock that goes when the test says so. Include it
 * behind <cmocka.h>, in one file of a program. */
#ifndef TESTS_CQRS_GIVEN_DESK_H
#define TESTS_CQRS_GIVEN_DESK_H

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cqrs/write/write_desk.h"
#include "fake/pg_pool.h"
#include "unit/model/given.h"

#define ID    "018f3e7c-0000-7000-8000-000000000001"
#define OTHER "018f3e7c-0000-7000-8000-000000000002"

enum { PATIENCE_MS = 2000 }; /* the desk's */

/* libc's, as base/clock.c finds it. */
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
    struct record_store *records;
    struct key_claims claims;
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
static inline int open_store(void **state)
{
    static struct desk desk;
    for (size_t i = 0; i < countof(desk.collections); i++)
        desk.collections[i] = given_collection(
            "{'name':'title','type':'string','minLength':1,'maxLength':99,'unique':true}");
    desk.service = (struct service){.name = desk.collections[0]->service,
                                    .collections = desk.collections,
                                    .collection_count = 2};
    desk.model = (struct model){&desk.service, 1};
    desk.pool = pg_pool_open(loop_new(), &(struct pg_pool_options){0});
    desk.store = write_store_new(desk.pool, &desk.model);
    desk.records = record_store_new(desk.pool, &desk.model);
    *state = &desk;
    return 0;
}

static inline int open_desk(void **state)
{
    struct desk *desk = *state;
    key_claims_init(&desk->claims);
    desk->itself = write_desk_new(desk->store, desk->records, &desk->claims);
    desk->answers = 0;
    desk->came_inside = false;
    return 0;
}

static inline int close_desk(void **state)
{
    struct desk *desk = *state;
    free(desk->itself);
    buf_free(&desk->kept);
    return 0;
}

static inline void on_done(void *arg, const struct write_answer *answer)
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

static inline void turn(struct desk *desk)
{
    loop_turn(desk->pool->loop, 0);
}

struct order {
    enum command_kind kind;
    const char *body; /* NULL: none */
    int64_t version;
    bool must_be_new;
};

static inline void take_for(struct desk *desk, const struct collection *collection, struct str id,
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

static inline void take(struct desk *desk, struct order order)
{
    take_for(desk, desk->collections[0], STR(ID), order);
}

/* Is this what the database is asked now, and nothing besides? */
static inline void assert_asked(const struct desk *desk, const char *sql)
{
    assert_int_equal(desk->pool->count, 1);
    if (strstr(desk->pool->queries[0].statement->sql, sql) == NULL)
        fail_msg("not \"%s\" but %s", sql, desk->pool->queries[0].statement->sql);
}

static inline void answer_rows(struct desk *desk, const struct pg_rows *rows)
{
    fake_pg_pool_answer(desk->pool, &(struct pg_outcome){.status = STATUS_OK, .rows = rows});
    turn(desk);
}

static inline void find_version(struct desk *desk, const char *version)
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

static inline void find_nothing(struct desk *desk)
{
    assert_asked(desk, "select version, deleted, body");
    answer_rows(desk, &(struct pg_rows){0});
}

static inline void find_tombstone(struct desk *desk)
{
    assert_asked(desk, "select version, deleted, body");
    answer_rows(desk, &(struct pg_rows){1, 3, (const char *const[]){"4", "t", "{}"}, 0});
}

static inline void commit(struct desk *desk, const char *sql, size_t affected)
{
    assert_asked(desk, sql);
    answer_rows(desk, &(struct pg_rows){.affected = affected});
}

static inline void assert_answered(const struct desk *desk, enum status status)
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

#endif
