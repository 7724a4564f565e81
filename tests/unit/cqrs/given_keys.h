/* Commands with an Idempotency-Key on the desk of given_desk.h. Include it behind <cmocka.h>, in
 * one file of a program. */
#ifndef TESTS_CQRS_GIVEN_KEYS_H
#define TESTS_CQRS_GIVEN_KEYS_H

#include "unit/cqrs/given_desk.h"

#define KEY       "9f1c-key"
#define OTHER_KEY "9f1c-kez"

static const struct order create = {COMMAND_CREATE, NEW, 0, false};
static const struct order patch = {COMMAND_PATCH, NEW, 0, false};

static const struct order every_kind[] = {{COMMAND_CREATE, NEW, 0, false},
                                          {COMMAND_REPLACE, NEW, 0, false},
                                          {COMMAND_PATCH, NEW, 0, false},
                                          {COMMAND_DELETE, NULL, 0, false}};

static uint8_t request[DIGEST_SIZE]; /* of all commands here */

/* Of the last answer: what struct desk does not note. */
static struct {
    bool is_replayed, is_new, is_deleted;
    struct uuid id;
} told;

static inline void on_told(void *arg, const struct write_answer *answer)
{
    static const struct change none;
    const struct change *change = answer->change == NULL ? &none : answer->change;
    on_done(arg, answer);
    told.is_replayed = answer->is_replayed;
    told.is_new = change->is_new;
    told.is_deleted = change->is_deleted;
    told.id = change->id;
}

/* The turn in which it was taken goes on. */
static inline void take_within_turn(struct desk *desk, const char *id, struct order order,
                                    const char *key)
{
    struct command command = {.kind = order.kind,
                              .collection = desk->collections[0],
                              .version = order.version,
                              .must_be_new = order.must_be_new,
                              .body = order.body == NULL ? NULL : given_json(order.body)};
    for (size_t i = 0; i < sizeof(request); i++)
        command.request[i] = request[i] = (uint8_t)(i * 37);
    assert_true(uuid_parse(str_from(id), &command.id));
    buf_append_text(&command.origin_texts, key);
    command.key = buf_str(&command.origin_texts);
    desk->is_inside = true;
    write_desk_take(desk->itself, &command, on_told, desk);
    desk->is_inside = false;
    assert_true(command.body == NULL && command.origin_texts.ptr == NULL);
}

static inline void take_keyed(struct desk *desk, struct order order, const char *key)
{
    take_within_turn(desk, ID, order, key);
    turn(desk);
}

static inline bool is_request(struct str value)
{
    return str_equal(value, (struct str){(const char *)request, sizeof(request)});
}

static inline void assert_asked_for_key(const struct desk *desk)
{
    assert_asked(desk, "from mamparo.keys where key = $1");
    assert_int_equal(desk->pool->queries[0].statement->kind, PG_KIND_READ);
    assert_true(str_equal(fake_query_value(&desk->pool->queries[0], 0), STR(KEY)));
    assert_true(is_request(fake_query_value(&desk->pool->queries[0], 1)));
}

static inline void find_no_key(struct desk *desk)
{
    assert_asked_for_key(desk);
    answer_rows(desk, &(struct pg_rows){0});
}

/* The first one's outcome; `is_equal` is "t" where his request was the same. */
static inline void find_first(struct desk *desk, const char *is_equal, const char *type)
{
    const char *const cells[] = {is_equal, OTHER, "7", type, "{\"id\":\"first\"}"};
    assert_asked_for_key(desk);
    answer_rows(desk, &(struct pg_rows){1, countof(cells), cells, 0});
}

static inline void fail_with(struct desk *desk, enum status status, const char *constraint)
{
    fake_pg_pool_answer(desk->pool,
                        &(struct pg_outcome){.status = status, .constraint = constraint});
    turn(desk);
}

/* Once, and no other one comes later. */
static inline void assert_told(struct desk *desk, enum status status)
{
    turn(desk);
    assert_answered(desk, status);
    if (status != STATUS_OK)
        assert_string_equal(desk->detail, status_info(status)->sentence);
    assert_true(status == STATUS_OK || !told.is_replayed);
}

static inline void assert_told_of_first(struct desk *desk, const char *type)
{
    struct uuid id;
    assert_told(desk, STATUS_OK);
    assert_true(told.is_replayed);
    assert_true(uuid_parse(STR(OTHER), &id));
    assert_memory_equal(&told.id, &id, sizeof(id));
    assert_int_equal(desk->version, 7);
    assert_int_equal(told.is_new, str_ends_with(str_from(type), STR("created")));
    assert_int_equal(told.is_deleted, str_ends_with(str_from(type), STR("deleted")));
    assert_string_equal(desk->kept.ptr, "{\"id\":\"first\"}");
}

static inline void forget(struct desk *desk)
{
    desk->answers = 0;
    buf_reset(&desk->kept);
}

static inline void assert_key_bound(const struct desk *desk)
{
    const struct fake_query *query = &desk->pool->queries[0];
    assert_int_equal(query->values.count, 16);
    assert_true(str_equal(fake_query_value(query, 14), STR(KEY)));
    assert_true(is_request(fake_query_value(query, 15)));
    assert_true(query->values.at[15].is_binary);
}

/* The commit of a command whose key was not found. */
static inline void go_to_commit(struct desk *desk, struct order order)
{
    find_no_key(desk);
    if (order.kind != COMMAND_CREATE)
        find_version(desk, "3");
    assert_asked(desk, order.kind == COMMAND_CREATE ? INSERT : UPDATE);
    assert_key_bound(desk);
}

#endif
