#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "given_toggles.h"
#include "role/gateway/switch/toggle_wish.h"

static void the_higher_of_two_changes_is_the_same_for_everyone(void **state)
{
    struct toggle_change other_by = given_change(2, false, 0), other_why = other_by;
    other_by.by[0] = 'B';
    other_why.why[0] = 'x';
    const struct {
        struct toggle_change higher, lower;
    } rows[] = {
        {given_change(2, true, 0), given_change(1, true, 0)},  /* the version */
        {given_change(2, true, 0), given_change(1, false, 9)}, /* before the time */
        {given_change(2, true, 9), given_change(2, false, 0)}, /* the time */
        {given_change(2, false, 0), given_change(2, true, 0)}, /* the closed door */
        {other_by, given_change(2, false, 0)},
        {other_why, given_change(2, false, 0)},
        {given_change(1, true, -GIVEN_AT), toggle_change_none(&given_services[0], SIDE_READS)},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        assert_true(toggle_change_compare(&rows[i].higher, &rows[i].lower) > 0);
        assert_true(toggle_change_compare(&rows[i].lower, &rows[i].higher) < 0);
        assert_int_equal(toggle_change_compare(&rows[i].lower, &rows[i].lower), 0);
    }
}

static void a_change_reads_back_as_it_was_written(void **state)
{
    struct toggle_change change = given_change(7, false, 0), again;
    struct buf text = {0};
    (void)state;
    memset(change.why, '"', TOGGLE_TEXT_MAX);
    memset(change.by, '\x01', TOGGLE_TEXT_MAX);
    change.service = &given_services[1];
    change.side = SIDE_WRITES;
    toggle_change_write(&change, &text);
    assert_true(toggle_change_parse(&given_model, buf_str(&text), &again));
    assert_int_equal(toggle_change_compare(&change, &again), 0);
    assert_ptr_equal(again.service, &given_services[1]);
    assert_int_equal(again.side, SIDE_WRITES);
    buf_free(&text);
}

#define WHERE "\"service\":\"medical\",\"side\":\"reads\","
#define WHAT  "\"version\":1,\"from\":\"enabled\",\"to\":\"disabled\","
#define WHEN  "\"at\":\"2026-11-21T10:00:00.000Z\","
#define WHO   "\"by\":\"\",\"why\":\"\""

static void what_is_not_exactly_a_change_is_none(void **state)
{
    static const char *const rows[] = {
        "",
        "null",
        "[]",
        "{}",
        "{" WHERE WHAT WHEN "\"by\":\"\"}",
        "{" WHERE WHAT WHEN "\"by\":1,\"why\":\"\"}",
        "{" WHERE WHAT WHEN WHO "} ,",
        "{" WHERE WHAT WHEN WHO ",\"by\":\"twice\"}",
        "{" WHERE WHEN WHO "}",
        "{" WHERE WHAT WHO "}",
        "{" WHERE WHAT "\"at\":\"yesterday\"," WHO "}",
        "{" WHERE WHAT "\"at\":\"1969-12-31T23:59:59.999Z\"," WHO "}",
        "{" WHERE WHAT "\"at\":\"9999-12-31T23:59:59-01:00\"," WHO "}",
        "{" WHERE "\"version\":0,\"from\":\"enabled\",\"to\":\"disabled\"," WHEN WHO "}",
        "{" WHERE "\"version\":-1,\"from\":\"enabled\",\"to\":\"disabled\"," WHEN WHO "}",
        "{" WHERE "\"version\":1.0,\"from\":\"enabled\",\"to\":\"disabled\"," WHEN WHO "}",
        "{" WHERE "\"version\":1000000000000001,\"from\":\"enabled\",\"to\":\"disabled\"," WHEN WHO
        "}",
        "{" WHERE "\"version\":1,\"from\":\"on\",\"to\":\"disabled\"," WHEN WHO "}",
        "{" WHERE "\"version\":1,\"from\":\"enabled\",\"to\":false," WHEN WHO "}",
        "{\"service\":\"nowhere\",\"side\":\"reads\"," WHAT WHEN WHO "}",
        "{\"service\":\"medical\",\"side\":\"both\"," WHAT WHEN WHO "}",
    };
    struct toggle_change change;
    (void)state;
    assert_true(
        toggle_change_parse(&given_model, STR("{" WHERE WHAT WHEN WHO ",\"more\":[]}"), &change));
    for (size_t i = 0; i < countof(rows); i++)
        if (toggle_change_parse(&given_model, str_from(rows[i]), &change))
            fail_msg("taken: %s", rows[i]);
}

static void a_text_that_is_too_long_makes_it_none(void **state)
{
    struct toggle_change change;
    (void)state;
    for (size_t len = TOGGLE_TEXT_MAX; len <= TOGGLE_TEXT_MAX + 1; len++) {
        struct buf text = {0};
        buf_append_text(&text, "{" WHERE WHAT WHEN "\"by\":\"\",\"why\":\"");
        for (size_t i = 0; i < len; i++)
            buf_append_char(&text, 'x');
        buf_append_text(&text, "\"}");
        assert_int_equal(toggle_change_parse(&given_model, buf_str(&text), &change),
                         len == TOGGLE_TEXT_MAX);
        buf_free(&text);
    }
}

/* Wishes */

static void a_wish_comes_to_this(void **state)
{
    static const struct {
        enum toggle_verb verb;
        int64_t if_version;
        const char *why;
        bool is_on; /* before */
        enum status status;
        bool becomes_on;
        int64_t version; /* from 5 */
    } rows[] = {
        {TOGGLE_OFF, TOGGLE_ANY_VERSION, "new", true, STATUS_OK, false, 6},
        {TOGGLE_OFF, TOGGLE_ANY_VERSION, "why", true, STATUS_OK, false, 6},
        {TOGGLE_OFF, TOGGLE_ANY_VERSION, "new", false, STATUS_OK, false, 6},
        {TOGGLE_OFF, TOGGLE_ANY_VERSION, "why", false, STATUS_OK, false, 5},
        {TOGGLE_ON, TOGGLE_ANY_VERSION, "why", false, STATUS_OK, true, 6},
        {TOGGLE_FLIP, TOGGLE_ANY_VERSION, "why", false, STATUS_OK, true, 6},
        {TOGGLE_FLIP, TOGGLE_ANY_VERSION, "why", true, STATUS_OK, false, 6},
        {TOGGLE_ON, 5, "why", false, STATUS_OK, true, 6},
        {TOGGLE_ON, 4, "why", false, STATUS_PRECONDITION_FAILED, false, 5},
        {TOGGLE_ON, 0, "why", false, STATUS_PRECONDITION_FAILED, false, 5},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct toggle_change head = given_change(5, rows[i].is_on, 0), next;
        struct toggle_wish wish = {&given_services[0], SIDE_READS, rows[i].verb,
                                   rows[i].if_version, "Luis",     ""};
        snprintf(wish.why, sizeof(wish.why), "%s", rows[i].why);
        assert_int_equal(toggle_wish_decide(&wish, &head, 5000, &next), rows[i].status);
        assert_int_equal(next.is_on, rows[i].becomes_on);
        assert_int_equal(next.version, rows[i].version);
        bool is_new = rows[i].version == 6;
        assert_string_equal(next.by, is_new ? "Luis" : "Ana");
        assert_int_equal(next.at, is_new ? 5000 : GIVEN_AT);
        assert_int_equal(next.was_on, is_new ? rows[i].is_on : !rows[i].is_on);
    }
}

static void at_the_last_version_the_time_goes_on(void **state)
{
    struct toggle_change head = given_change(TOGGLE_VERSION_MAX, true, 0), next;
    struct toggle_wish wish = {&given_services[0], SIDE_READS, TOGGLE_FLIP,
                               TOGGLE_ANY_VERSION, "Luis",     "flipped"};
    (void)state;
    assert_int_equal(toggle_wish_decide(&wish, &head, GIVEN_AT + 1, &next), STATUS_OK);
    assert_true(toggle_change_compare(&next, &head) > 0);
    assert_int_equal(next.version, TOGGLE_VERSION_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_higher_of_two_changes_is_the_same_for_everyone),
        cmocka_unit_test(a_change_reads_back_as_it_was_written),
        cmocka_unit_test(what_is_not_exactly_a_change_is_none),
        cmocka_unit_test(a_text_that_is_too_long_makes_it_none),
        cmocka_unit_test(a_wish_comes_to_this),
        cmocka_unit_test(at_the_last_version_the_time_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
