#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "cqrs/replication/event.h"
#include "fake/redis_conn.h"

#define ID      "018f3e7c-0000-7000-8000-000000000001"
#define SUBJECT "018f3e7c-0000-7000-8000-000000000002"
#define TRACE   "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

/* What PostgreSQL sends for a row of mamparo.events: name, value. */
static const char *const whole_row[][2] = {
    {"position", "7"},
    {"id", ID},
    {"time", "2026-11-21 08:15:30.25+00"},
    {"service", "medical"},
    {"collection", "entries"},
    {"type", "medical.entry.created"},
    {"subject", SUBJECT},
    {"version", "1"},
    {"fingerprint", "9e5fa4d49fc5cc8c"},
    {"actor", "ann"},
    {"traceparent", TRACE},
    {"correlation_id", "c1"},
    {"causation_id", "c2"},
    {"data", "\\xc3010aff00"},
};

/* The row, but with this value in this column; a NULL column changes nothing. */
static struct pg_log_row row_with(const char *column, const char *value)
{
    struct pg_log_row row = {.commit = 5, .column_count = countof(whole_row)};
    for (size_t i = 0; i < countof(whole_row); i++) {
        bool is_it = column != NULL && strcmp(whole_row[i][0], column) == 0;
        row.columns[i].name = str_from(whole_row[i][0]);
        row.columns[i].value = str_from(is_it ? value : whole_row[i][1]);
    }
    return row;
}

static void assert_text(struct str text, const char *wanted)
{
    if (!str_equal(text, str_from(wanted)))
        fail_msg("\"" STR_FMT "\" is not \"%s\"", STR_ARG(text), wanted);
}

static void a_row_of_the_outbox_is_an_event(void **state)
{
    (void)state;
    struct pg_log_row row = row_with(NULL, NULL);
    struct buf scratch = {0};
    struct event event;
    assert_true(event_from_row(&row, &scratch, &event));
    assert_text(event.id, ID);
    assert_text(event.time, "2026-11-21T08:15:30.25Z");
    assert_text(event.service, "medical");
    assert_text(event.collection, "entries");
    assert_text(event.type, "medical.entry.created");
    assert_text(event.subject, SUBJECT);
    assert_text(event.fingerprint, "9e5fa4d49fc5cc8c");
    assert_text(event.actor, "ann");
    assert_text(event.traceparent, TRACE);
    assert_text(event.correlation_id, "c1");
    assert_text(event.causation_id, "c2");
    assert_true(str_equal(event.data, STR("\xc3\x01\x0a\xff\x00")));
    buf_free(&scratch);
}

static void the_order_of_columns_does_not_matter(void **state)
{
    (void)state;
    struct pg_log_row row = row_with(NULL, NULL), turned = row;
    struct buf scratch = {0};
    struct event event;
    for (int c = 0; c < row.column_count; c++)
        turned.columns[c] = row.columns[row.column_count - 1 - c];
    assert_true(event_from_row(&turned, &scratch, &event));
    assert_text(event.id, ID);
    assert_int_equal(event.data.len, 5);
    buf_free(&scratch);
}

static void postgresqls_time_becomes_rfc_3339(void **state)
{
    static const char *const rows[][2] = {
        {"2026-11-21 08:15:30.25+00", "2026-11-21T08:15:30.25Z"},
        {"2026-11-21 08:15:30+00", "2026-11-21T08:15:30Z"},
        {"2026-11-21 08:15:30.123456+00", "2026-11-21T08:15:30.123456Z"},
        {"2026-11-21 08:15:30+02", "2026-11-21T08:15:30+02"}, /* never: the session is in UTC */
        {"infinity", "infinity"},
        {NULL, ""},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct pg_log_row row = row_with("time", rows[i][0]);
        struct buf scratch = {0};
        struct event event;
        assert_true(event_from_row(&row, &scratch, &event));
        assert_text(event.time, rows[i][1]);
        assert_int_equal(event.data.len, 5);
        buf_free(&scratch);
    }
}

static void an_attribute_that_is_null_is_absent(void **state)
{
    static const char *const columns[] = {"actor", "traceparent", "correlation_id", "causation_id"};
    (void)state;
    for (size_t i = 0; i < countof(columns); i++) {
        struct pg_log_row row = row_with(columns[i], NULL);
        struct buf scratch = {0};
        struct event event;
        assert_true(event_from_row(&row, &scratch, &event));
        size_t lengths[] = {event.actor.len, event.traceparent.len, event.correlation_id.len,
                            event.causation_id.len};
        for (size_t c = 0; c < countof(lengths); c++)
            assert_int_equal(lengths[c] == 0, c == i);
        buf_free(&scratch);
    }
}

static void what_is_no_row_of_the_outbox_is_refused(void **state)
{
    static const char *const rows[][2] = {
        {"id", NULL},      {"id", ""},        {"service", NULL}, {"fingerprint", NULL},
        {"data", NULL},    {"data", ""},      {"data", "\\x0"},  {"data", "\\x0g"},
        {"data", "\\xg0"}, {"data", "c301"},  {"data", "\\"},    {"data", "\\x010"},
        {"data", "0xc3"},  {"data", "\\X01"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct pg_log_row row = row_with(rows[i][0], rows[i][1]);
        struct buf scratch = {0};
        struct event event;
        if (event_from_row(&row, &scratch, &event))
            fail_msg("%s as %s was taken", rows[i][1], rows[i][0]);
        buf_free(&scratch);
    }
    struct pg_log_row none = {0}, cut = row_with("data", "\\xc301");
    struct buf scratch = {0};
    struct event event;
    assert_false(event_from_row(&none, &scratch, &event));
    cut.columns[13].value.len--;
    assert_false(event_from_row(&cut, &scratch, &event));
    buf_free(&scratch);
}

static const struct event_entry full = {
    .event = {.id = {ID, 36},
              .time = {"2026-11-21T08:15:30.25Z", 23},
              .service = {"medical", 7},
              .collection = {"entries", 7},
              .type = {"medical.entry.created", 21},
              .subject = {SUBJECT, 36},
              .fingerprint = {"9e5fa4d49fc5cc8c", 16},
              .traceparent = {TRACE, 55},
              .correlation_id = {"c1", 2},
              .causation_id = {"c2", 2},
              .actor = {"ann", 3},
              .data = {"\xc3\x01\x0a\xff\x00 '\r\n", 9}},
    .position = {UINT64_MAX, 3},
    .prev = {41, UINT64_MAX},
    .epoch = {"e1", 2},
};

static void an_entry_is_published_as_a_cloud_event(void **state)
{
    static const char *const wanted[] = {"XADD",
                                         "mamparo:{medical}:events",
                                         "NOMKSTREAM",
                                         "18446744073709551615-3",
                                         "specversion",
                                         "1.0",
                                         "id",
                                         ID,
                                         "source",
                                         "/medical/entries",
                                         "type",
                                         "medical.entry.created",
                                         "subject",
                                         SUBJECT,
                                         "time",
                                         "2026-11-21T08:15:30.25Z",
                                         "datacontenttype",
                                         "avro/binary",
                                         "dataschema",
                                         "/v1/schemas/9e5fa4d49fc5cc8c",
                                         "traceparent",
                                         TRACE,
                                         "correlationid",
                                         "c1",
                                         "causationid",
                                         "c2",
                                         "actor",
                                         "ann",
                                         "epoch",
                                         "e1",
                                         "prev",
                                         "41-18446744073709551615",
                                         "data"};
    (void)state;
    struct buf scratch = {0};
    struct str words[EVENT_WORDS_MAX];
    assert_int_equal(event_write_xadd(&full, &scratch, words), countof(wanted) + 1);
    for (size_t i = 0; i < countof(wanted); i++)
        assert_text(words[i], wanted[i]);
    assert_true(str_equal(words[countof(wanted)], full.event.data));
    buf_free(&scratch);
}

static void what_is_absent_is_left_out(void **state)
{
    (void)state;
    struct event_entry entry = full;
    struct buf scratch = {0};
    struct str words[EVENT_WORDS_MAX];
    entry.event.actor = entry.event.traceparent = (struct str){NULL, 0};
    entry.event.correlation_id = entry.event.causation_id = STR("");
    size_t count = event_write_xadd(&entry, &scratch, words);
    assert_int_equal(count, 26);
    for (size_t i = 0; i < count; i++)
        if (words[i].len == 0 || str_equal(words[i], STR("actor")))
            fail_msg("word %zu", i);
    buf_free(&scratch);
}

/* As XREAD returns what such an XADD wrote. */
static struct redis_reply *entry_of(const struct str *words, size_t count)
{
    struct redis_reply *fields[EVENT_WORDS_MAX];
    for (size_t i = 4; i < count; i++)
        fields[i - 4] = fake_redis_text(words[i]);
    struct redis_reply *pair[] = {fake_redis_text(words[3]), fake_redis_array(fields, count - 4)};
    return fake_redis_array(pair, countof(pair));
}

static void assert_same_entry(const struct event_entry *a, const struct event_entry *b)
{
    const struct str *texts[][2] = {
        {&a->event.id, &b->event.id},
        {&a->event.time, &b->event.time},
        {&a->event.service, &b->event.service},
        {&a->event.collection, &b->event.collection},
        {&a->event.type, &b->event.type},
        {&a->event.subject, &b->event.subject},
        {&a->event.fingerprint, &b->event.fingerprint},
        {&a->event.traceparent, &b->event.traceparent},
        {&a->event.correlation_id, &b->event.correlation_id},
        {&a->event.causation_id, &b->event.causation_id},
        {&a->event.actor, &b->event.actor},
        {&a->event.data, &b->event.data},
        {&a->epoch, &b->epoch},
    };
    for (size_t i = 0; i < countof(texts); i++)
        if (!str_equal(*texts[i][0], *texts[i][1]))
            fail_msg("text %zu", i);
    assert_int_equal(position_compare(a->position, b->position), 0);
    assert_int_equal(position_compare(a->prev, b->prev), 0);
}

static void what_is_published_is_read_again(void **state)
{
    (void)state;
    for (unsigned absent = 0; absent < 16; absent++) { /* a bit for each optional attribute */
        struct event_entry entry = full, read;
        struct str *optional[] = {&entry.event.actor, &entry.event.traceparent,
                                  &entry.event.correlation_id, &entry.event.causation_id};
        struct buf scratch = {0};
        struct str words[EVENT_WORDS_MAX];
        for (size_t i = 0; i < countof(optional); i++)
            if (absent >> i & 1)
                optional[i]->len = 0;
        size_t count = event_write_xadd(&entry, &scratch, words);
        struct redis_reply *reply = entry_of(words, count);
        assert_true(event_from_entry(reply, &read));
        assert_same_entry(&read, &entry);
        redis_reply_free(&reply);
        buf_free(&scratch);
    }
}

static void a_malformed_entry_is_refused(void **state)
{
    static const char *const rows[][2] = {
        {"18446744073709551615-3", "0"},
        {"18446744073709551615-3", ""},
        {"id", "Id"},
        {"source", "Source"},
        {"subject", "x"},
        {"dataschema", "x"},
        {"epoch", "x"},
        {"prev", "x"},
        {"data", "x"},
        {ID, ""},
        {SUBJECT, ""},
        {"e1", ""},
        {"41-18446744073709551615", "41"},
        {"/medical/entries", "medical/entries"},
        {"/medical/entries", ""},
        {"/medical/entries", "/"},
        {"/medical/entries", "/medical"},
        {"/medical/entries", "/medical/"},
        {"/medical/entries", "//entries"},
        {"/v1/schemas/9e5fa4d49fc5cc8c", "/v1/schema/9e5fa4d49fc5cc8c"},
        {"/v1/schemas/9e5fa4d49fc5cc8c", "9e5fa4d49fc5cc8c"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct buf scratch = {0};
        struct str words[EVENT_WORDS_MAX];
        struct event_entry read;
        size_t count = event_write_xadd(&full, &scratch, words), changed = 0;
        for (size_t w = 3; w < count; w++)
            if (str_equal(words[w], str_from(rows[i][0]))) {
                words[w] = str_from(rows[i][1]);
                changed++;
            }
        assert_int_equal(changed, 1);
        struct redis_reply *reply = entry_of(words, count);
        if (event_from_entry(reply, &read))
            fail_msg("%s for %s was taken", rows[i][1], rows[i][0]);
        redis_reply_free(&reply);
        buf_free(&scratch);
    }
}

static void what_is_no_entry_is_refused(void **state)
{
    static const char *const rows[] = {"_", "+1-2", ":5",       "-ERR no",
                                       "*", "*1-2", "*1-2,a,b", "*1-2,a"};
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct redis_reply *reply = fake_redis_reply(rows[i]);
        struct event_entry read;
        if (event_from_entry(reply, &read))
            fail_msg("%s was taken", rows[i]);
        redis_reply_free(&reply);
    }
}

static void a_field_without_a_value_is_passed_over(void **state)
{
    (void)state;
    struct buf scratch = {0};
    struct str words[EVENT_WORDS_MAX];
    struct event_entry read;
    size_t count = event_write_xadd(&full, &scratch, words);
    words[count] = STR("id");
    struct redis_reply *reply = entry_of(words, count + 1);
    assert_true(event_from_entry(reply, &read));
    assert_text(read.event.id, ID);
    redis_reply_free(&reply);
    buf_free(&scratch);
}

static void the_keys_of_a_service_share_a_hash_tag(void **state)
{
    (void)state;
    struct buf key = {0};
    event_key("medical", "epoch", &key);
    assert_string_equal(key.ptr, "mamparo:{medical}:epoch");
    buf_free(&key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_of_the_outbox_is_an_event),
        cmocka_unit_test(the_order_of_columns_does_not_matter),
        cmocka_unit_test(postgresqls_time_becomes_rfc_3339),
        cmocka_unit_test(an_attribute_that_is_null_is_absent),
        cmocka_unit_test(what_is_no_row_of_the_outbox_is_refused),
        cmocka_unit_test(an_entry_is_published_as_a_cloud_event),
        cmocka_unit_test(what_is_absent_is_left_out),
        cmocka_unit_test(what_is_published_is_read_again),
        cmocka_unit_test(a_malformed_entry_is_refused),
        cmocka_unit_test(what_is_no_entry_is_refused),
        cmocka_unit_test(a_field_without_a_value_is_passed_over),
        cmocka_unit_test(the_keys_of_a_service_share_a_hash_tag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
