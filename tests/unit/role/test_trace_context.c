#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "role/gateway/caller/trace_context.h"

#define TRACE  "0af7651916cd43dd8448eb211c80319c"
#define PARENT "b7ad6b7169203331"
#define OURS   "00000000000000ab"

static const uint64_t new_trace[2] = {0x0123456789abcdef, 0xfedcba9876543210};
#define NEW "00-0123456789abcdeffedcba9876543210-" OURS "-00"

static void assert_continued(struct str received, const char *expected)
{
    struct buf out = {0};
    bool is_continued = trace_context_continue(received, new_trace, 0xab, &out);
    if (strcmp(out.ptr, expected) != 0)
        fail_msg(STR_FMT " gives %s", STR_ARG(received), out.ptr);
    assert_int_equal(is_continued, strcmp(expected, NEW) != 0);
    buf_free(&out);
}

static void a_trace_goes_on_with_a_parent_of_ours(void **state)
{
    (void)state;
    assert_continued(STR("00-" TRACE "-" PARENT "-00"), "00-" TRACE "-" OURS "-00");
    assert_continued(STR("00-" TRACE "-" PARENT "-01"), "00-" TRACE "-" OURS "-01");
    /* Of the flags only "sampled" is known. */
    assert_continued(STR("00-" TRACE "-" PARENT "-ff"), "00-" TRACE "-" OURS "-01");
    assert_continued(STR("00-" TRACE "-" PARENT "-fe"), "00-" TRACE "-" OURS "-00");
}

static void one_of_a_version_to_come_goes_on_as_ours(void **state)
{
    (void)state;
    assert_continued(STR("01-" TRACE "-" PARENT "-01"), "00-" TRACE "-" OURS "-01");
    assert_continued(STR("cc-" TRACE "-" PARENT "-01-what-comes"), "00-" TRACE "-" OURS "-01");
    assert_continued(STR("cc-" TRACE "-" PARENT "-01-"), "00-" TRACE "-" OURS "-01");
}

static void what_cannot_be_read_begins_a_new_one(void **state)
{
    static const struct str rows[] = {
        {NULL, 0},
        STR(""),
        STR("00"),
        STR("nada"),
        STR("00-" TRACE "-" PARENT "-0"),
        STR("00-" TRACE "-" PARENT "-01-more"),
        STR("00-" TRACE "-" PARENT "-01-"),
        STR("00-" TRACE "-" PARENT "-01 "),
        STR(" 00-" TRACE "-" PARENT "-01"),
        STR("01-" TRACE "-" PARENT "-01.more"),
        STR("ff-" TRACE "-" PARENT "-01"),
        STR("0g-" TRACE "-" PARENT "-01"),
        STR("00_" TRACE "-" PARENT "-01"),
        STR("00-" TRACE "_" PARENT "-01"),
        STR("00-" TRACE "-" PARENT "_01"),
        STR("00-0AF7651916CD43DD8448EB211C80319C-" PARENT "-01"),
        STR("00-0af7651916cd43dd8448eb211c80319g-" PARENT "-01"),
        STR("00-00000000000000000000000000000000-" PARENT "-01"),
        STR("00-" TRACE "-0000000000000000-01"),
        STR("00-" TRACE "-B7AD6B7169203331-01"),
        STR("00-" TRACE "-" PARENT "-0x"),
        STR("00-" TRACE "-" PARENT "-\0001"),
        STR("00-" TRACE "-" PARENT "-01, 00-" TRACE "-" PARENT "-01"),
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_continued(rows[i], NEW);
}

static void a_name_is_never_all_zeros(void **state)
{
    struct buf out = {0};
    (void)state;
    assert_false(trace_context_continue(STR(""), (uint64_t[]){0, 0}, 0, &out));
    assert_string_equal(out.ptr, "00-00000000000000000000000000000001-0000000000000001-00");
    buf_free(&out);
}

static void a_state_is_members_of_key_and_value(void **state)
{
    static const struct {
        struct str text;
        bool is_state;
    } rows[] = {
        {STR("congo=t61rcWkgMzE"), true},
        {STR("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"), true},
        {STR("rojo=1 ,\tcongo=2,,a=3,"), true},
        {STR("fw529a3039@dt=FfAAAA;a b~!"), true},
        {STR("0a_b-c*d/e=x"), true},
        {{NULL, 0}, false},
        {STR(""), false},
        {STR(", ,"), false},
        {STR("congo"), false},
        {STR("=x"), false},
        {STR("congo="), false},
        {STR("Congo=x"), false},
        {STR("_a=x"), false},
        {STR("a b=x"), false},
        {STR("a=x=y"), false},
        {STR("a=\xc3\xa9"), false},
        {STR("a=x\ty"), false},
        {STR("a\0=x"), false},
        {STR("a=x,b"), false},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        if (trace_context_is_state(rows[i].text) != rows[i].is_state)
            fail_msg("%s", rows[i].text.ptr);
}

static void a_state_has_its_limits(void **state)
{
    struct buf text = {0};
    (void)state;
    for (int i = 0; i < 32; i++)
        buf_append_text(&text, "a=1,");
    assert_true(trace_context_is_state(buf_str(&text)));
    buf_append_text(&text, "a=1");
    assert_false(trace_context_is_state(buf_str(&text)));
    buf_reset(&text);
    buf_printf(&text, "a=%0256d,b=%0250d", 0, 0);
    assert_int_equal(text.len, 511);
    assert_true(trace_context_is_state(buf_str(&text)));
    buf_append_text(&text, "00");
    assert_false(trace_context_is_state(buf_str(&text)));
    buf_reset(&text);
    buf_printf(&text, "a=%0257d", 0);
    assert_false(trace_context_is_state(buf_str(&text)));
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trace_goes_on_with_a_parent_of_ours),
        cmocka_unit_test(one_of_a_version_to_come_goes_on_as_ours),
        cmocka_unit_test(what_cannot_be_read_begins_a_new_one),
        cmocka_unit_test(a_name_is_never_all_zeros),
        cmocka_unit_test(a_state_is_members_of_key_and_value),
        cmocka_unit_test(a_state_has_its_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
