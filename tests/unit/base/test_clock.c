#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "base/clock.h"

struct moment {
    const char *text;
    int64_t wall_ms;
};

static void assert_parses(struct moment row)
{
    int64_t wall_ms = 0;
    if (!clock_parse(str_from(row.text), &wall_ms))
        fail_msg("\"%s\" was refused", row.text);
    if (wall_ms != row.wall_ms)
        fail_msg("\"%s\" gave %lld", row.text, (long long)wall_ms);
}

static void a_moment_is_written_as_it_is_read(void **state)
{
    static const struct moment rows[] = {
        {"1970-01-01T00:00:00.000Z", 0},
        {"1970-01-01T00:00:00.001Z", 1},
        {"1969-12-31T23:59:59.999Z", -1},
        {"1969-12-31T00:00:00.000Z", -86400000},
        {"2026-11-21T08:15:30.250Z", 1795248930250},
        {"2000-02-29T23:59:59.999Z", 951868799999},
        {"2000-03-01T00:00:00.000Z", 951868800000},
        {"1900-02-28T23:59:59.999Z", -2203891200001},
        {"1900-03-01T00:00:00.000Z", -2203891200000},
        {"2038-01-19T03:14:08.000Z", 2147483648000},
        {"0000-01-01T00:00:00.000Z", -62167219200000},
        {"0000-02-29T00:00:00.000Z", -62162121600000},
        {"9999-12-31T23:59:59.999Z", 253402300799999},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        char text[CLOCK_TEXT_SIZE];
        clock_format(rows[i].wall_ms, text);
        assert_string_equal(text, rows[i].text);
        assert_parses(rows[i]);
    }
}

static void offsets_are_taken_off(void **state)
{
    static const struct moment rows[] = {
        {"1970-01-01T00:00:00z", 0},
        {"1970-01-01T00:00:00+00:00", 0},
        {"1970-01-01T00:00:00-00:00", 0},
        {"1970-01-01T01:00:00+01:00", 0},
        {"1969-12-31T19:00:00-05:00", 0},
        {"1970-01-01T05:45:00+05:45", 0},
        {"1970-01-01T23:59:00+23:59", 0},
        {"1969-12-31T00:01:00-23:59", 0},
        {"1970-01-01T00:00:00+00:01", -60000},
        {"2000-02-29T23:30:00.5-01:00", 951870600500},
        {"1996-12-19T16:39:57-08:00", 851042397000},      /* RFC 3339, section 5.8 */
        {"1937-01-01T12:00:27.87+00:20", -1041337172130}, /* the same */
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_parses(rows[i]);
}

static void fractions_are_kept_to_the_millisecond_and_cut_there(void **state)
{
    static const struct moment rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01T00:00:00.1Z", 100},
        {"1970-01-01T00:00:00.12Z", 120},
        {"1970-01-01T00:00:00.123Z", 123},
        {"1970-01-01T00:00:00.1239Z", 123},
        {"1970-01-01T00:00:00.000999Z", 0},
        {"1970-01-01T00:00:00.007Z", 7},
        {"1969-12-31T23:59:59.9999999Z", -1},
        {"1970-01-01T00:00:00.0000000000000000000000000000000000001Z", 0},
        {"1970-01-01T00:00:00.999999999999999999999999999999999+00:00", 999},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_parses(rows[i]);
}

static void what_is_no_moment_is_refused(void **state)
{
    static const char *const rows[] = {
        "",
        "2026",
        "2026-11-21",
        "2026-11-21T",
        "2026-11-21T08:15Z",
        "2026-11-21T08:15:30",
        "2026-11-21 08:15:30Z",
        "2026-11-21T08:15:30 Z",
        " 2026-11-21T08:15:30Z",
        "2026-11-21T08:15:30Z ",
        "2026-11-21T08:15:30ZZ",
        "2026-11-21T08:15:30.Z",
        "2026-11-21T08:15:30.",
        "2026-11-21T08:15:30,5Z",
        "2026-11-21T08:15:30.2.5Z",
        "2026-11-21T08:15:30.-5Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T23:60:00Z",
        "2026-11-21T23:59:61Z",
        "2026-11-21T8:15:30Z",
        "2026-11-21T08:15:3Z",
        "20261121T081530Z",
        "26-11-21T08:15:30Z",
        "12026-11-21T08:15:30Z",
        "+2026-11-21T08:15:30Z",
        "2026-11-21T08:15:30+0100",
        "2026-11-21T08:15:30+01",
        "2026-11-21T08:15:30+1:00",
        "2026-11-21T08:15:30+24:00",
        "2026-11-21T08:15:30+01:60",
        "2026-11-21T08:15:30+01:00Z",
        "2026-11-21T08:15:30+01:000",
        "2026-11-21T08:15:30~01:00",
        "2026-11-21T08:15:30UTC",
        "2026-02-29T08:15:30Z",
        "\xef\xbc\x92\x30\x32\x36-11-21T08:15:30Z",
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        int64_t wall_ms;
        if (clock_parse(str_from(rows[i]), &wall_ms))
            fail_msg("\"%s\" was accepted", rows[i]);
    }
    int64_t wall_ms;
    assert_false(clock_parse(STR("2026-11-21T08:15:30Z\0"), &wall_ms));
}

static void a_minus_is_no_digit(void **state)
{
    static const char *const rows[] = {
        "2026-11-21T-0:15:30Z", "2026-11-21T08:-0:30Z",      "2026-11-21T08:15:-0Z",
        "-000-11-21T08:15:30Z", "2026-11-21T08:15:30+-0:00", "2026-11-21T08:15:30+00:-0",
        "2026--0-21T08:15:30Z", "2026-11--0T08:15:30Z",      "-001-11-21T08:15:30Z",
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        int64_t wall_ms;
        if (clock_parse(str_from(rows[i]), &wall_ms))
            fail_msg("\"%s\" was accepted", rows[i]);
    }
    int32_t days;
    assert_false(clock_parse_date(STR("-000-11-21"), &days));
}

static void no_offset_leads_out_of_the_years_that_can_be_written(void **state)
{
    static const char *const rows[] = {
        "0000-01-01T00:00:00+00:01",
        "0000-01-01T23:58:59+23:59",
        "9999-12-31T23:59:59-00:01",
        "9999-12-31T00:01:00-23:59",
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        int64_t wall_ms;
        if (clock_parse(str_from(rows[i]), &wall_ms))
            fail_msg("\"%s\" was accepted", rows[i]);
    }
    assert_parses((struct moment){"0000-01-01T23:59:00+23:59", -62167219200000});
    assert_parses((struct moment){"9999-12-31T00:00:59.999-23:59", 253402300799999});
}

static void any_length_short_of_a_moment_is_refused(void **state)
{
    (void)state;
    struct str whole = STR("2026-11-21T08:15:30.250+01:00");
    for (size_t len = 0; len < whole.len; len++) {
        /* On the heap, so that a look behind the end is caught. */
        char *cut = mem_new(len > 0 ? len : 1, 1);
        memcpy(cut, whole.ptr, len);
        int64_t wall_ms;
        bool accepted = clock_parse((struct str){cut, len}, &wall_ms);
        free(cut);
        if (accepted)
            fail_msg("the first %zu bytes were accepted", len);
    }
}

static void a_date_is_a_day_of_the_calendar(void **state)
{
    static const struct {
        const char *text;
        int32_t days;
    } rows[] = {
        {"1970-01-01", 0},       {"1970-01-02", 1},       {"1969-12-31", -1},
        {"2000-02-29", 11016},   {"2000-03-01", 11017},   {"2024-02-29", 19782},
        {"1900-03-01", -25508},  {"2026-11-21", 20778},   {"0000-01-01", -719528},
        {"0000-02-29", -719469}, {"9999-12-31", 2932896},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        int32_t days = 77;
        char text[CLOCK_TEXT_SIZE];
        if (!clock_parse_date(str_from(rows[i].text), &days) || days != rows[i].days)
            fail_msg("\"%s\" gave %d", rows[i].text, days);
        clock_format_date(days, text);
        assert_string_equal(text, rows[i].text);
    }
}

static void what_is_no_day_is_refused(void **state)
{
    static const char *const rows[] = {
        "",
        "2026",
        "2026-11",
        "2026-11-",
        "2026-11-2",
        "2026-11-211",
        "2026-00-10",
        "2026-13-10",
        "2026-01-00",
        "2026-01-32",
        "2026-04-31",
        "2026-06-31",
        "2026-09-31",
        "2026-11-31",
        "2026-02-30",
        "2026-02-29",
        "2025-02-29",
        "1900-02-29",
        "2100-02-29",
        "2023-02-29",
        "2026/11/21",
        "21-11-2026",
        "20261121",
        "2026-11-21Z",
        " 2026-11-21",
        "2026-11-21 ",
        "2026-1-021",
        "20a6-11-21",
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        int32_t days;
        if (clock_parse_date(str_from(rows[i]), &days))
            fail_msg("\"%s\" was accepted", rows[i]);
    }
}

static void every_day_of_ten_thousand_years_comes_back(void **state)
{
    (void)state;
    char before[CLOCK_TEXT_SIZE] = "";
    for (int32_t day = -719528; day <= 2932896; day++) {
        char text[CLOCK_TEXT_SIZE];
        int32_t back;
        clock_format_date(day, text);
        if (!clock_parse_date(str_from(text), &back) || back != day || strcmp(before, text) >= 0)
            fail_msg("day %d, \"%s\" behind \"%s\"", day, text, before);
        memcpy(before, text, sizeof(before));
    }
}

static void the_clocks_go_forward_and_agree_on_the_unit(void **state)
{
    (void)state;
    msec_t before = clock_monotonic();
    int64_t ms_before = clock_wall_ms(), ns = clock_wall_ns(), ms_after = clock_wall_ms();
    assert_true(clock_monotonic() >= before);
    assert_in_range(ns / 1000000, ms_before, ms_after);
    assert_true(ms_before > 1700000000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_moment_is_written_as_it_is_read),
        cmocka_unit_test(offsets_are_taken_off),
        cmocka_unit_test(fractions_are_kept_to_the_millisecond_and_cut_there),
        cmocka_unit_test(what_is_no_moment_is_refused),
        cmocka_unit_test(a_minus_is_no_digit),
        cmocka_unit_test(no_offset_leads_out_of_the_years_that_can_be_written),
        cmocka_unit_test(any_length_short_of_a_moment_is_refused),
        cmocka_unit_test(a_date_is_a_day_of_the_calendar),
        cmocka_unit_test(what_is_no_day_is_refused),
        cmocka_unit_test(every_day_of_ten_thousand_years_comes_back),
        cmocka_unit_test(the_clocks_go_forward_and_agree_on_the_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
