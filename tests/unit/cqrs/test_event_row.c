#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>
#include <endian.h>

#include "cqrs/replication/event_row.h"

#define ID_BYTES                                                                                   \
    "\x01\x8f\x3e\x7c\0\0\x70\0"                                                                   \
    "\x80\0\0\0\0\0\0\1"
#define SUBJECT_BYTES                                                                              \
    "\x01\x8f\x3e\x7c\0\0\x70\0"                                                                   \
    "\x80\0\0\0\0\0\0\2"
#define TRACE "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

/* 2026-11-21 08:15:30.25, as timestamptz_send has it */
#define TIME_BYTES "\x00\x03\x03\xc3\xbb\x8d\x7d\x10"

/* What PostgreSQL sends for a row of mamparo.events: name, value. */
static const struct {
    struct str name, value;
} whole_row[] = {
    {{"position", 8}, {"7", 1}},
    {{"id", 2}, {ID_BYTES, 16}},
    {{"time", 4}, {TIME_BYTES, 8}},
    {{"service", 7}, {"medical", 7}},
    {{"collection", 10}, {"entries", 7}},
    {{"type", 4}, {"medical.entry.created", 21}},
    {{"subject", 7}, {SUBJECT_BYTES, 16}},
    {{"version", 7}, {"\0\0\0\0\0\0\0\1", 8}},
    {{"fingerprint", 11}, {"9e5fa4d49fc5cc8c", 16}},
    {{"actor", 5}, {"ann", 3}},
    {{"traceparent", 11}, {TRACE, 55}},
    {{"correlation_id", 14}, {"c1", 2}},
    {{"causation_id", 12}, {"c2", 2}},
    {{"data", 4}, {"\xc3\1\x0a\xff\0", 5}},
};

/* The row, but with this value in this column; a NULL column changes nothing. */
static struct pg_log_row row_with(const char *column, struct str value)
{
    struct pg_log_row row = {.commit = 5, .column_count = countof(whole_row)};
    for (size_t i = 0; i < countof(whole_row); i++) {
        bool is_it = column != NULL && str_equal(whole_row[i].name, str_from(column));
        row.columns[i].name = whole_row[i].name;
        row.columns[i].value = is_it ? value : whole_row[i].value;
    }
    return row;
}

static void assert_text(struct str text, const char *wanted)
{
    if (!str_equal(text, str_from(wanted)))
        fail_msg("\"" STR_FMT "\" is not \"%s\"", STR_ARG(text), wanted);
}

static void assert_whole(const struct event *event)
{
    assert_text(event->id, "018f3e7c-0000-7000-8000-000000000001");
    assert_text(event->time, "2026-11-21T08:15:30.25Z");
    assert_text(event->service, "medical");
    assert_text(event->collection, "entries");
    assert_text(event->type, "medical.entry.created");
    assert_text(event->subject, "018f3e7c-0000-7000-8000-000000000002");
    assert_text(event->fingerprint, "9e5fa4d49fc5cc8c");
    assert_text(event->actor, "ann");
    assert_text(event->traceparent, TRACE);
    assert_text(event->correlation_id, "c1");
    assert_text(event->causation_id, "c2");
    assert_true(str_equal(event->data, STR("\xc3\x01\x0a\xff\x00")));
}

static void a_row_of_the_outbox_is_an_event(void **state)
{
    (void)state;
    struct pg_log_row row = row_with(NULL, STR(""));
    struct event_row_texts texts;
    struct event event;
    assert_true(event_row_read(&row, &texts, &event));
    assert_whole(&event);
}

static void the_order_of_columns_does_not_matter(void **state)
{
    (void)state;
    struct pg_log_row row = row_with(NULL, STR("")), turned = row;
    struct event_row_texts texts;
    struct event event;
    for (int c = 0; c < row.column_count; c++)
        turned.columns[c] = row.columns[row.column_count - 1 - c];
    assert_true(event_row_read(&turned, &texts, &event));
    assert_whole(&event);
}

static void postgresqls_time_becomes_rfc_3339(void **state)
{
    static const struct {
        int64_t after_us; /* 1970 */
        const char *text;
    } rows[] = {
        {INT64_C(1795248930250000), "2026-11-21T08:15:30.25Z"},
        {INT64_C(1795248930000000), "2026-11-21T08:15:30Z"},
        {INT64_C(1795248930123456), "2026-11-21T08:15:30.123456Z"},
        {INT64_C(1795248930000001), "2026-11-21T08:15:30.000001Z"},
        {INT64_C(1795248930999000), "2026-11-21T08:15:30.999Z"},
        {INT64_C(1795248900000000), "2026-11-21T08:15:00Z"},
        {0, "1970-01-01T00:00:00Z"},
        {INT64_C(253402300799999999), "9999-12-31T23:59:59.999999Z"},
        {-1, NULL},
        {INT64_C(253402300800000000), NULL},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        uint64_t bytes = htobe64((uint64_t)(rows[i].after_us - INT64_C(946684800000000)));
        struct pg_log_row row = row_with("time", (struct str){(const char *)&bytes, sizeof(bytes)});
        struct event_row_texts texts;
        struct event event;
        assert_int_equal(event_row_read(&row, &texts, &event), rows[i].text != NULL);
        if (rows[i].text != NULL)
            assert_text(event.time, rows[i].text);
    }
}

static void an_attribute_that_is_null_is_absent(void **state)
{
    static const char *const columns[] = {"actor", "traceparent", "correlation_id", "causation_id"};
    (void)state;
    for (size_t i = 0; i < countof(columns); i++) {
        struct pg_log_row row = row_with(columns[i], (struct str){NULL, 0});
        struct event_row_texts texts;
        struct event event;
        assert_true(event_row_read(&row, &texts, &event));
        size_t lengths[] = {event.actor.len, event.traceparent.len, event.correlation_id.len,
                            event.causation_id.len};
        for (size_t c = 0; c < countof(lengths); c++)
            assert_int_equal(lengths[c] == 0, c == i);
    }
}

static void what_is_no_row_of_the_outbox_is_refused(void **state)
{
    static const struct {
        const char *column;
        struct str value;
    } rows[] = {
        {"id", {NULL, 0}},
        {"id", {"", 0}},
        {"id", {ID_BYTES, 15}},
        {"id", {ID_BYTES, 17}},
        {"subject", {NULL, 0}},
        {"subject", {"018f3e7c-0000-7000-8000-000000000002", 36}},
        {"time", {NULL, 0}},
        {"time", {TIME_BYTES, 7}},
        {"time", {TIME_BYTES, 9}},
        {"time", {"2026-11-21 08:15:30.25+00", 25}},
        {"time", {"\x7f\xff\xff\xff\xff\xff\xff\xff", 8}}, /* infinity */
        {"time", {"\x80\0\0\0\0\0\0\0", 8}},
        {"service", {NULL, 0}},
        {"fingerprint", {NULL, 0}},
        {"data", {NULL, 0}},
        {"data", {"", 0}},
    };
    (void)state;
    struct event_row_texts texts;
    struct event event;
    for (size_t i = 0; i < countof(rows); i++) {
        struct pg_log_row row = row_with(rows[i].column, rows[i].value);
        if (event_row_read(&row, &texts, &event))
            fail_msg("row %zu was taken", i);
    }
    struct pg_log_row none = {0};
    assert_false(event_row_read(&none, &texts, &event));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_of_the_outbox_is_an_event),
        cmocka_unit_test(the_order_of_columns_does_not_matter),
        cmocka_unit_test(postgresqls_time_becomes_rfc_3339),
        cmocka_unit_test(an_attribute_that_is_null_is_absent),
        cmocka_unit_test(what_is_no_row_of_the_outbox_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
