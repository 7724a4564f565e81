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

static void assert_text(struct str text, const char *wanted)
{
    if (!str_equal(text, str_from(wanted)))
        fail_msg("\"" STR_FMT "\" is not \"%s\"", STR_ARG(text), wanted);
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
