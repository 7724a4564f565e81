#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "cqrs/replication/replica/replica_rows.h"
#include "fake/pg_session.h"
#include "unit/model/given.h"

#define ID    "018f3e7c-0000-7000-8000-000000000001"
#define OTHER "018f3e7c-0000-7000-8000-000000000002"
#define TIMES                                                                                      \
    "'created_at':'2026-11-20T00:00:00.000Z','updated_at':'2026-11-21T00:00:00.000Z',"             \
    "'created_by':null,'updated_by':null"
#define IMAGE(id, version, title)                                                                  \
    "{'id':'" id "','version':" version ",'title':" title "," TIMES "}"

static struct collection *given_items(void)
{
    return given_collection("{'name':'title','type':'string'}");
}

/* An event about the record ID. */
static bool add_event(struct replica_rows *rows, const struct collection *collection,
                      const char *text)
{
    struct json *images = given_json(text);
    struct event event = {.subject = STR(ID)};
    bool is_added = replica_rows_add_event(rows, collection, &event, images);
    json_free(&images);
    return is_added;
}

/* The rows that these events leave, as the session is told them. */
static const struct {
    const char *images[2], *values;
} left[] = {
    {{"{'version':1,'before':null,'after':" IMAGE(ID, "1", "'a'") "}"},
     "{`" ID "`}\n{1}\n{`f`}\n{`2026-11-20T00:00:00.000Z`}\n"
     "{`{^id^:^" ID "^,^version^:1,^title^:^a^,^created_at^:^2026-11-20T00:00:00.000Z^,"
     "^updated_at^:^2026-11-21T00:00:00.000Z^,^created_by^:null,^updated_by^:null}`}\n"},
    {{"{'version':5,'before':" IMAGE(ID, "4", "'a'") ",'after':null}"},
     "{`" ID "`}\n{5}\n{`t`}\n{`2026-11-20T00:00:00.000Z`}\n{`{}`}\n"},
    {{"{'version':5,'before':" IMAGE(ID, "4", "'a'") ",'after':null}",
      "{'version':6,'before':" IMAGE(ID, "5", "'a'") ",'after':null}"},
     "{`" ID "`,`" ID "`}\n{5,6}\n{`t`,`t`}\n"
     "{`2026-11-20T00:00:00.000Z`,`2026-11-20T00:00:00.000Z`}\n{`{}`,`{}`}\n"},
};

/* ` is ", and ^ is \". */
static void write_values(const char *text, struct buf *out)
{
    for (; *text != '\0'; text++) {
        if (*text == '^')
            buf_append_char(out, '\\');
        buf_append_char(out, *text == '`' || *text == '^' ? '"' : *text);
    }
}

static void an_event_leaves_its_image_or_a_tombstone(void **state)
{
    (void)state;
    struct collection *collection = given_items();
    for (size_t i = 0; i < countof(left); i++) {
        struct replica_rows rows = {0};
        struct pg_session session = {0};
        struct buf wanted = {0};
        for (size_t e = 0; e < 2 && left[i].images[e] != NULL; e++)
            assert_true(add_event(&rows, collection, left[i].images[e]));
        assert_true(replica_rows_store(&rows, collection, &session));
        write_values(left[i].values, &wanted);
        assert_string_equal(session.values.ptr, wanted.ptr);
        assert_int_equal(session.runs, 1);
        replica_rows_free(&rows);
        fake_pg_session_fini(&session);
        buf_free(&wanted);
    }
    schema_free(&collection);
}

static void an_event_that_cannot_be_applied_leaves_nothing(void **state)
{
    static const char *const refused[] = {
        "{'version':1,'before':null,'after':" IMAGE(OTHER, "1", "'a'") "}",
        "{'version':2,'before':" IMAGE(OTHER, "1", "'a'") ",'after':null}",
        "{'version':2,'before':null,'after':null}",
        "{'version':1,'before':null,'after':" IMAGE(ID, "0", "'a'") "}",
    };
    (void)state;
    struct collection *collection = given_items();
    struct replica_rows rows = {0};
    for (size_t i = 0; i < countof(refused); i++) {
        assert_false(add_event(&rows, collection, refused[i]));
        assert_int_equal(rows.count, 0);
        assert_int_equal(rows.ids.len, 0);
    }
    replica_rows_free(&rows);
    schema_free(&collection);
}

static void any_text_is_one_item_of_an_array(void **state)
{
    static const char *const rows_of[][2] = {
        {"", "{\"\"}"},
        {"NULL", "{\"NULL\"}"},
        {"a,b}{", "{\"a,b}{\"}"},
        {"\"", "{\"\\\"\"}"},
        {"\\", "{\"\\\\\"}"},
        {"a\"b\\c\"", "{\"a\\\"b\\\\c\\\"\"}"},
        {"\\\\\"\"", "{\"\\\\\\\\\\\"\\\"\"}"},
        {"'; drop table x; --", "{\"'; drop table x; --\"}"},
    };
    (void)state;
    struct collection *collection = given_items();
    for (size_t i = 0; i < countof(rows_of); i++) {
        struct replica_rows rows = {0};
        struct pg_session session = {0};
        struct replica_row row = {.id = STR("i"),
                                  .created_at = STR("t"),
                                  .body = str_from(rows_of[i][0]),
                                  .version = INT64_MAX};
        struct buf wanted = {0};
        replica_rows_add(&rows, &row);
        assert_true(replica_rows_store(&rows, collection, &session));
        buf_printf(&wanted, "{\"i\"}\n{9223372036854775807}\n{\"f\"}\n{\"t\"}\n%s\n",
                   rows_of[i][1]);
        assert_string_equal(session.values.ptr, wanted.ptr);
        replica_rows_free(&rows);
        fake_pg_session_fini(&session);
        buf_free(&wanted);
    }
    schema_free(&collection);
}

static void one_statement_stores_them_and_keeps_the_total(void **state)
{
    static const char *const parts[] = {
        "distinct on (id)",
        "order by id, version desc",
        "insert into \"shop\".\"items\" as t",
        "where t.version < excluded.version",
        "update mamparo.totals",
        "where service = 'shop' and collection = 'items'",
    };
    (void)state;
    struct collection *collection = given_items();
    struct replica_rows rows = {0};
    struct pg_session session = {0};
    replica_rows_add(&rows, &(struct replica_row){.id = STR("i"), .body = STR("{}")});
    assert_true(replica_rows_store(&rows, collection, &session));
    for (size_t i = 0; i < countof(parts); i++)
        if (strstr(session.sql.ptr, parts[i]) == NULL)
            fail_msg("no \"%s\" in %s", parts[i], session.sql.ptr);
    replica_rows_free(&rows);
    fake_pg_session_fini(&session);
    schema_free(&collection);
}

/* Whether they were stored or not: after a failure the block is read again. */
static void what_was_stored_is_gone_from_the_rows(void **state)
{
    static const char *const faults[] = {NULL, "the database is away"};
    (void)state;
    struct collection *collection = given_items();
    for (size_t i = 0; i < countof(faults); i++) {
        struct replica_rows rows = {0};
        struct pg_session session = {.fault = faults[i]};
        replica_rows_add(&rows, &(struct replica_row){.id = STR("i"), .body = STR("{}")});
        assert_int_equal(rows.count, 1);
        assert_int_equal(replica_rows_store(&rows, collection, &session), faults[i] == NULL);
        assert_int_equal(rows.count, 0);
        assert_true(replica_rows_store(&rows, collection, &session)); /* none: nothing is said */
        assert_int_equal(session.runs, 1);
        replica_rows_add(&rows, &(struct replica_row){.id = STR("j"), .version = 2});
        assert_int_equal(replica_rows_store(&rows, collection, &session), faults[i] == NULL);
        assert_string_equal(session.values.ptr, "{\"j\"}\n{2}\n{\"f\"}\n{NULL}\n{NULL}\n");
        replica_rows_free(&rows);
        fake_pg_session_fini(&session);
    }
    schema_free(&collection);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_leaves_its_image_or_a_tombstone),
        cmocka_unit_test(an_event_that_cannot_be_applied_leaves_nothing),
        cmocka_unit_test(any_text_is_one_item_of_an_array),
        cmocka_unit_test(one_statement_stores_them_and_keeps_the_total),
        cmocka_unit_test(what_was_stored_is_gone_from_the_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
