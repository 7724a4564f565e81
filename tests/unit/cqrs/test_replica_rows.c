#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "cqrs/replication/replica/block/replica_rows.h"
#include "fake/pg_session.h"
#include "unit/cqrs/given_array.h"
#include "unit/model/given.h"

#define ID    "018f3e7c-0000-7000-8000-000000000001"
#define OTHER "018f3e7c-0000-7000-8000-000000000002"
#define TIMES                                                                                      \
    "'created_at':'2026-11-20T00:00:00.000Z','updated_at':'2026-11-21T00:00:00.000Z',"             \
    "'created_by':null,'updated_by':null"
/* 2026-11-20 in microseconds since 2000. */
#define CREATED "848448000000000"
#define IMAGE(id, version, title)                                                                  \
    "{'id':'" id "','version':" version ",'title':" title "," TIMES "}"

static struct collection *given_items(void)
{
    return given_collection("{'name':'title','type':'string'}");
}

/* An event about the record ID, as `writer` writes it. */
static bool add_event(struct replica_rows *rows, const struct collection *collection,
                      const struct collection *writer, const char *text)
{
    struct json *json = given_json(text);
    struct buf data = {0};
    struct replica_images images = {0};
    struct event event = {.subject = STR(ID)};
    assert_true(avro_encode(writer->event_codec, json, &data));
    assert_true(replica_images_read(&images, writer->event_codec, buf_str(&data)));
    bool is_added = replica_rows_add_event(rows, collection, &event, &images);
    replica_images_free(&images);
    buf_free(&data);
    json_free(&json);
    return is_added;
}

static void assert_values(const struct pg_session *session, const char *wanted)
{
    struct buf text = {0}, quoted = {0};
    for (size_t i = 0; i < 5; i++) {
        given_array(buf_str(&session->values[i]), &text);
        buf_append_char(&text, '\n');
    }
    given_text(wanted, &quoted);
    assert_string_equal(text.ptr, quoted.ptr);
    buf_free(&text);
    buf_free(&quoted);
}

/* The rows that these events leave, as the session is told them. */
static const struct {
    const char *images[2], *values;
} left[] = {
    {{"{'version':1,'before':null,'after':" IMAGE(ID, "1", "'a'") "}"},
     "{" ID "}\n{1}\n{f}\n{" CREATED "}\n{" IMAGE(ID, "1", "'a'") "}\n"},
    {{"{'version':5,'before':" IMAGE(ID, "4", "'a'") ",'after':null}"},
     "{" ID "}\n{5}\n{t}\n{" CREATED "}\n{{}}\n"},
    {{"{'version':5,'before':" IMAGE(ID, "4", "'a'") ",'after':null}",
      "{'version':6,'before':" IMAGE(ID, "5", "'a'") ",'after':null}"},
     "{" ID "," ID "}\n{5,6}\n{t,t}\n{" CREATED "," CREATED "}\n{{},{}}\n"},
};

static void an_event_leaves_its_image_or_a_tombstone(void **state)
{
    (void)state;
    struct collection *collection = given_items();
    for (size_t i = 0; i < countof(left); i++) {
        struct replica_rows rows = {0};
        struct pg_session session = {0};
        for (size_t e = 0; e < 2 && left[i].images[e] != NULL; e++)
            assert_true(add_event(&rows, collection, collection, left[i].images[e]));
        replica_rows_store(&rows, collection, &session);
        assert_values(&session, left[i].values);
        assert_int_equal(session.runs, 1);
        replica_rows_free(&rows);
        fake_pg_session_fini(&session);
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
        assert_false(add_event(&rows, collection, collection, refused[i]));
        assert_int_equal(rows.count, 0);
        assert_int_equal(rows.ids.len, 0);
    }
    replica_rows_free(&rows);
    schema_free(&collection);
}

static void what_another_version_wrote_is_completed(void **state)
{
    (void)state;
    struct collection *older = given_items();
    struct collection *newer = given_collection(
        "{'name':'title','type':'string'},{'name':'note','type':'string','default':'none'}");
    struct collection *stricter =
        given_collection("{'name':'title','type':'string'},{'name':'note','type':'string'}");
    struct replica_rows rows = {0};
    struct pg_session session = {0};
    const char *event = "{'version':1,'before':null,'after':" IMAGE(ID, "1", "'a'") "}";
    assert_false(add_event(&rows, stricter, older, event));
    assert_true(add_event(&rows, newer, older, event));
    replica_rows_store(&rows, newer, &session);
    assert_values(&session,
                  "{" ID "}\n{1}\n{f}\n{" CREATED "}\n{" IMAGE(ID, "1", "'a','note':'none'") "}\n");
    replica_rows_free(&rows);
    fake_pg_session_fini(&session);
    schema_free(&older);
    schema_free(&newer);
    schema_free(&stricter);
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
    replica_rows_add(&rows, &(struct replica_row){.body = STR("{}")});
    replica_rows_store(&rows, collection, &session);
    for (size_t i = 0; i < countof(parts); i++)
        if (strstr(session.sql.ptr, parts[i]) == NULL)
            fail_msg("no \"%s\" in %s", parts[i], session.sql.ptr);
    replica_rows_free(&rows);
    fake_pg_session_fini(&session);
    schema_free(&collection);
}

static void what_was_stored_is_gone_from_the_rows(void **state)
{
    (void)state;
    struct collection *collection = given_items();
    struct replica_rows rows = {0};
    struct pg_session session = {0};
    replica_rows_add(&rows, &(struct replica_row){.body = STR("{}")});
    assert_int_equal(rows.count, 1);
    replica_rows_store(&rows, collection, &session);
    assert_int_equal(rows.count, 0);
    replica_rows_store(&rows, collection, &session); /* none: nothing is said */
    assert_int_equal(session.runs, 1);
    replica_rows_add(&rows, &(struct replica_row){.created_at = 946684800000, .version = 2});
    replica_rows_store(&rows, collection, &session);
    assert_values(&session, "{00000000-0000-0000-0000-000000000000}\n{2}\n{f}\n{0}\n{NULL}\n");
    replica_rows_free(&rows);
    fake_pg_session_fini(&session);
    schema_free(&collection);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_leaves_its_image_or_a_tombstone),
        cmocka_unit_test(an_event_that_cannot_be_applied_leaves_nothing),
        cmocka_unit_test(what_another_version_wrote_is_completed),
        cmocka_unit_test(one_statement_stores_them_and_keeps_the_total),
        cmocka_unit_test(what_was_stored_is_gone_from_the_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
