#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "fake/redis_conn.h"
#include "given_toggles.h"
#include "role/gateway/switch/toggle_share.h"

#define HEADS "mamparo:{toggles}:switches"
#define LOG   "mamparo:{toggles}:log"
#define LINE                                                                                       \
    "{\"service\":\"medical\",\"side\":\"reads\",\"version\":2,\"from\":\"enabled\","              \
    "\"to\":\"disabled\",\"at\":\"1970-01-01T00:00:01.000Z\",\"by\":\"Ana\",\"why\":\"why\"}"
#define LOOK                                                                                       \
    "UNWATCH\nWATCH " HEADS "\nZCARD " LOG "\nHMGET " HEADS                                        \
    " medical/reads medical/writes shop/reads shop/writes\n"

struct ends {
    struct redis_conn redis;
    struct toggle_share share;
    struct toggle_changes changes;
};

static int begin(void **state)
{
    static struct ends ends;
    ends = (struct ends){.share = {.model = &given_model}};
    ends.share.redis = &ends.redis;
    *state = &ends;
    return 0;
}

static int end(void **state)
{
    struct ends *ends = *state;
    buf_free(&ends->redis.said);
    toggle_changes_free(&ends->changes);
    return 0;
}

static void script(struct ends *ends, const char *const *replies, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ends->redis.replies[i] = replies[i];
}
#define SCRIPT(ends, ...)                                                                          \
    script(ends, (const char *const[]){__VA_ARGS__}, countof(((const char *const[]){__VA_ARGS__})))

static void a_look_watches_and_brings_what_is_there(void **state)
{
    struct ends *ends = *state;
    SCRIPT(ends, "+OK", "+OK", ":5", "[+" LINE "|_|_|_");
    assert_true(toggle_share_look(&ends->share, &ends->changes));
    assert_string_equal(ends->redis.said.ptr, LOOK);
    struct toggle_change expected = given_change(2, false, 0);
    assert_int_equal(ends->changes.count, 1);
    assert_int_equal(toggle_change_compare(&ends->changes.items[0], &expected), 0);
    assert_int_equal(ends->share.line_count, 5);
    assert_int_equal(ends->share.unreadable, 0);
}

static void what_is_no_change_or_in_anothers_place_is_counted_and_left_out(void **state)
{
    struct ends *ends = *state;
    SCRIPT(ends, "+OK", "+OK", ":0", "[+garbage|+" LINE "|:7|_");
    assert_true(toggle_share_look(&ends->share, &ends->changes));
    assert_int_equal(ends->changes.count, 0);
    assert_int_equal(ends->share.unreadable, 3);
}

static void a_look_fails_with_any_of_its_replies(void **state)
{
    static const char *const replies[][4] = {
        {""},
        {"+OK", "-ERR no"},
        {"+OK", "+OK", "-WRONGTYPE no"},
        {"+OK", "+OK", ":0", "-WRONGTYPE no"},
        {"+OK", "+OK", ":0", ""},
    };
    for (size_t i = 0; i < countof(replies); i++) {
        begin(state);
        struct ends *ends = *state;
        script(ends, replies[i], countof(replies[i]));
        assert_false(toggle_share_look(&ends->share, &ends->changes));
        assert_true(ends->share.why[0] != '\0');
        end(state);
    }
    begin(state);
}

static void storing_is_one_transaction(void **state)
{
    struct ends *ends = *state;
    struct toggle_change change = given_change(2, false, 0);
    toggle_changes_add(&ends->changes, &change);
    SCRIPT(ends, "+OK", "3 +QUEUED", "[:1|:1|:0");
    assert_int_equal(toggle_share_store(&ends->share, &ends->changes, &ends->changes),
                     TOGGLE_SHARE_DONE);
    assert_string_equal(ends->redis.said.ptr,
                        "MULTI\nHSET " HEADS " medical/reads " LINE "\nZADD " LOG " 1000 " LINE
                        "\nZREMRANGEBYRANK " LOG " 0 -1001\nEXEC\n");
}

static void storing_ends_as_its_replies_say(void **state)
{
    static const struct {
        const char *replies[4];
        enum toggle_share_end end;
    } rows[] = {
        {{"+OK", "3 +QUEUED", "_"}, TOGGLE_SHARE_OUTRUN},
        {{"+OK", "3 +QUEUED", ""}, TOGGLE_SHARE_FAILED},
        {{"+OK", "3 +QUEUED", "-EXECABORT no"}, TOGGLE_SHARE_FAILED},
        {{"+OK", "3 +QUEUED", "[:1|-WRONGTYPE no|:0"}, TOGGLE_SHARE_FAILED},
        {{"+OK", "3 +QUEUED", "[:1|:1"}, TOGGLE_SHARE_FAILED},
        {{"+OK", "3 +QUEUED", "+OK"}, TOGGLE_SHARE_FAILED},
        {{"+OK", "-OOM no"}, TOGGLE_SHARE_FAILED},
        {{"-READONLY no"}, TOGGLE_SHARE_FAILED},
        {{""}, TOGGLE_SHARE_FAILED},
    };
    struct toggle_change change = given_change(2, false, 0);
    for (size_t i = 0; i < countof(rows); i++) {
        begin(state);
        struct ends *ends = *state;
        toggle_changes_add(&ends->changes, &change);
        script(ends, rows[i].replies, countof(rows[i].replies));
        assert_int_equal(toggle_share_store(&ends->share, &ends->changes, &ends->changes),
                         rows[i].end);
        end(state);
    }
    begin(state);
}

static void the_log_brings_what_of_it_are_changes(void **state)
{
    struct ends *ends = *state;
    SCRIPT(ends, "[+" LINE "|+{}|_");
    assert_true(toggle_share_read_log(&ends->share, &ends->changes));
    assert_string_equal(ends->redis.said.ptr, "ZREVRANGE " LOG " 0 999\n");
    assert_int_equal(ends->changes.count, 1);
    assert_int_equal(ends->share.unreadable, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_look_watches_and_brings_what_is_there, begin, end),
        cmocka_unit_test_setup_teardown(
            what_is_no_change_or_in_anothers_place_is_counted_and_left_out, begin, end),
        cmocka_unit_test_setup_teardown(a_look_fails_with_any_of_its_replies, begin, end),
        cmocka_unit_test_setup_teardown(storing_is_one_transaction, begin, end),
        cmocka_unit_test_setup_teardown(storing_ends_as_its_replies_say, begin, end),
        cmocka_unit_test_setup_teardown(the_log_brings_what_of_it_are_changes, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
