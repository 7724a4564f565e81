#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "base/json.h"

static struct json *parse(const char *text)
{
    char mistake[JSON_MISTAKE_SIZE] = "";
    struct json *json = json_parse(str_from(text), mistake);
    if (json == NULL)
        fail_msg("%s was refused: %s", text, mistake);
    return json;
}

/* Refused, with a sentence that tells where. */
static void assert_refused(struct str text)
{
    char mistake[JSON_MISTAKE_SIZE];
    int line = 0, column = -1;
    struct json *json = json_parse(text, mistake);
    if (json != NULL)
        fail_msg(STR_FMT " was accepted", STR_ARG(text));
    if (sscanf(mistake, "line %d, column %d: ", &line, &column) != 2 || line < 1 || column < 0)
        fail_msg(STR_FMT ": no place in \"%s\"", STR_ARG(text), mistake);
}

static void assert_all_refused(const char *const *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_refused(str_from(rows[i]));
}

static void no_document_or_more_than_one_is_refused(void **state)
{
    static const char *const rows[] = {
        "",       " ",       "\xef\xbb\xbf{}", "[] []", "1 2", "{}x",
        "[1]//c", "/**/[1]", "\"a\" \"b\"",    "[1]\f", "\v1", "\xc2\xa0 1",
    };
    (void)state;
    assert_all_refused(rows, countof(rows));
    assert_refused(str_from(NULL));
}

static void words_and_numbers_of_other_languages_are_refused(void **state)
{
    static const char *const rows[] = {
        "nul", "NULL", "True", "truefalse", "undefined", "a",     "NaN",   "Infinity", "-Infinity",
        "01",  "-01",  "00",   "+1",        ".5",        "1.",    "1.e1",  "1e",       "1e+",
        "-",   "--1",  "- 1",  "0x1f",      "1_000",     "1.5.5", "1e5.5", "1f",       "\xd9\xa1",
    };
    (void)state;
    assert_all_refused(rows, countof(rows));
}

static void malformed_texts_are_refused(void **state)
{
    static const char *const rows[] = {
        "'a'",       "\"a",         "\"",          "\"\\\"",   "\"\\x41\"",
        "\"\\u12\"", "\"\\u12g4\"", "\"\\U0041\"", "\"\\a\"",  "\"\\'\"",
        "\"\n\"",    "\"\t\"",      "\"\x01\"",    "\"\x1f\"", "\"\\\n\"",
    };
    (void)state;
    assert_all_refused(rows, countof(rows));
}

static void malformed_arrays_and_objects_are_refused(void **state)
{
    static const char *const rows[] = {
        "[",
        "]",
        "[1",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1,,2]",
        "[1}",
        "[\"a\":1]",
        "{",
        "}",
        "{\"a\"",
        "{\"a\":}",
        "{\"a\" 1}",
        "{\"a\":1,}",
        "{a:1}",
        "{1:1}",
        "{,}",
        "{null:1}",
        "{\"a\":1]",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1,,\"b\":2}",
        "{\"a\"::1}",
    };
    (void)state;
    assert_all_refused(rows, countof(rows));
}

static void a_key_given_twice_is_refused_however_it_is_spelt(void **state)
{
    static const char *const rows[] = {
        "{\"a\":1,\"a\":1}", "{\"a\":1,\"b\":2,\"a\":null}", "{\"a\":1,\"\\u0061\":2}",
        "{\"\":1,\"\":2}",   "[{\"x\":{\"a\":1,\"a\":2}}]",  "{\"\xc3\xa9\":1,\"\\u00e9\":2}",
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_refused(str_from(rows[i]));
    struct json *json = parse("{\"a\":{\"a\":1},\"A\":{\"a\":1}}");
    json_free(&json);
}

static void nul_is_refused_raw_escaped_and_behind_the_document(void **state)
{
    (void)state;
    assert_refused(STR("\"a\0b\""));
    assert_refused(STR("\"a\\u0000b\""));
    assert_refused(STR("{\"a\\u0000b\":1}"));
    assert_refused(STR("{\"a\0b\":1}"));
    assert_refused(STR("[1,\0 2]"));
    assert_refused(STR("{}\0"));
    assert_refused(STR("\"a\"\0"));
    assert_refused(STR("1\0"));
    assert_refused(STR("[1\0]"));
    assert_refused(STR("[1\0,2]"));
    assert_refused(STR("{\"a\":-0.5\0}"));
    assert_refused(STR("true\0"));
    assert_refused(STR("[null\0]"));
    assert_refused(STR("\0"));
}

static void bad_utf8_is_refused_in_texts_and_keys(void **state)
{
    static const char *const rows[] = {
        "\x80",
        "\xc0\xaf",
        "\xc1\xbf",
        "\xc3",
        "\xc3(",
        "\xe0\x9f\xbf",
        "\xe2\x82",
        "\xed\xa0\x80",
        "\xed\xa1\x8c\xed\xbe\xb4",
        "\xf0\x8f\xbf\xbf",
        "\xf0\x9f\x98",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xff",
        "\\ud800",
        "\\udc00",
        "\\ud83dx",
        "\\ud83d\\u0041",
        "\\ude00\\ud83d",
        "\\ud83d\\ud83d",
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        char text[64];
        snprintf(text, sizeof(text), "\"%s\"", rows[i]);
        assert_refused(str_from(text));
        snprintf(text, sizeof(text), "{\"%s\":1}", rows[i]);
        assert_refused(str_from(text));
    }
}

static void numbers_out_of_range_are_refused(void **state)
{
    static const char *const rows[] = {
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551616",
        "[123456789012345678901234567890]",
        "1e309",
        "-1e309",
        "{\"a\":1e999999999}",
        "1.7976931348623159e308",
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_refused(str_from(rows[i]));
}

/* `levels` of arrays and objects in turn. */
static struct buf nested(int levels)
{
    struct buf out = {0};
    for (int i = 0; i < levels; i++)
        buf_append_text(&out, i % 2 == 0 ? "[" : "{\"a\":");
    buf_append_text(&out, "1");
    for (int i = levels - 1; i >= 0; i--)
        buf_append_text(&out, i % 2 == 0 ? "]" : "}");
    return out;
}

static void the_deepest_level_is_accepted_and_the_next_is_not(void **state)
{
    (void)state;
    struct buf deep = nested(JSON_DEPTH_MAX), deeper = nested(JSON_DEPTH_MAX + 1);
    struct json *json = parse(deep.ptr);
    json_free(&json);
    buf_free(&deep);
    char mistake[JSON_MISTAKE_SIZE];
    assert_null(json_parse(buf_str(&deeper), mistake));
    buf_free(&deeper);
    assert_non_null(strstr(mistake, "nested deeper than 32 levels"));
}

static void levels_of_both_kinds_count_together(void **state)
{
    (void)state;
    struct buf text = {0};
    for (int i = 0; i < JSON_DEPTH_MAX / 2; i++)
        buf_append_text(&text, "[{\"a\":");
    buf_append_text(&text, "0");
    for (int i = 0; i < JSON_DEPTH_MAX / 2; i++)
        buf_append_text(&text, "}]");
    struct json *json = parse(text.ptr);
    json_free(&json);
    struct buf deeper = {0};
    buf_printf(&deeper, "{\"a\":%s}", text.ptr);
    assert_refused(buf_str(&deeper));
    buf_free(&deeper);
    buf_free(&text);
}

static void too_deep_a_document_is_told_its_place_too(void **state)
{
    (void)state;
    struct buf deep = nested(JSON_DEPTH_MAX + 1);
    char mistake[JSON_MISTAKE_SIZE];
    int line = 0;
    assert_null(json_parse(buf_str(&deep), mistake));
    buf_free(&deep);
    if (sscanf(mistake, "line %d, column", &line) != 1 || line != 1)
        fail_msg("no place in \"%s\"", mistake);
}

static void a_million_brackets_do_not_reach_the_stack(void **state)
{
    (void)state;
    struct buf flood = {0};
    char mistake[JSON_MISTAKE_SIZE];
    memset(buf_reserve(&flood, 1000000), '[', 1000000);
    flood.len = 1000000;
    assert_null(json_parse(buf_str(&flood), mistake));
    buf_free(&flood);
}

static void brackets_in_texts_are_not_levels(void **state)
{
    (void)state;
    static const char brackets[] = "[[[[[[[[[[{{{{{{{{{{[[[[[[[[[[{{{{{{{{{{";
    struct buf text = {0};
    buf_printf(&text, "[\"\\\\\",\"\\\"%s\",{\"%s\":1}]", brackets, brackets);
    struct json *json = parse(text.ptr);
    json_free(&json);
    buf_reset(&text);
    for (int i = 0; i < 100; i++)
        buf_printf(&text, "%s{\"a\":[]}", i == 0 ? "[" : ",");
    buf_append_text(&text, "]");
    json = parse(text.ptr);
    assert_int_equal(json_count(json), 100);
    json_free(&json);
    buf_free(&text);
}

static void a_mistake_names_the_line_and_the_column(void **state)
{
    char mistake[JSON_MISTAKE_SIZE];
    (void)state;
    assert_null(json_parse(STR("{\n  \"a\": 1,\n  \"b\": ?\n}"), mistake));
    assert_true(str_starts_with(str_from(mistake), STR("line 3, column 8: ")));
}

static void a_mistake_never_quotes_the_document(void **state)
{
    static const char *const rows[] = {
        "{\"a\":sesame}",
        "{\"a\" \"sesame\"}",
        "{\"sesame\":1,\"sesame\":2}",
        "[\"sesame\x01\"]",
        "[\"sesame\\q\"]",
        "[\"sesame\xff\"]",
        "[\"sesame",
        "[1 \"sesame\"]",
        "{\"a\":\"sesame\"} \"sesame\"",
        "[\" near sesame\" 1]",
        "[\"sesame\\u0000\"]",
        "[\"sesame\\ud800\"]",
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        char mistake[JSON_MISTAKE_SIZE];
        assert_null(json_parse(str_from(rows[i]), mistake));
        if (strstr(mistake, "sesame") != NULL || !str_is_utf8(str_from(mistake)))
            fail_msg("%s", mistake);
    }
}

static void nothing_is_read_behind_the_length(void **state)
{
    (void)state;
    struct str whole = STR("{\"a\":[1,-2.5e3,\"\\u00e9\",true,null],\"b\":\"\xf0\x9f\x98\x80\"}");
    for (size_t len = 0; len < whole.len; len++) {
        char *cut = mem_new(len > 0 ? len : 1, 1);
        memcpy(cut, whole.ptr, len);
        char mistake[JSON_MISTAKE_SIZE];
        struct json *json = json_parse((struct str){cut, len}, mistake);
        free(cut);
        assert_null(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_document_or_more_than_one_is_refused),
        cmocka_unit_test(words_and_numbers_of_other_languages_are_refused),
        cmocka_unit_test(malformed_texts_are_refused),
        cmocka_unit_test(malformed_arrays_and_objects_are_refused),
        cmocka_unit_test(a_key_given_twice_is_refused_however_it_is_spelt),
        cmocka_unit_test(nul_is_refused_raw_escaped_and_behind_the_document),
        cmocka_unit_test(bad_utf8_is_refused_in_texts_and_keys),
        cmocka_unit_test(numbers_out_of_range_are_refused),
        cmocka_unit_test(the_deepest_level_is_accepted_and_the_next_is_not),
        cmocka_unit_test(levels_of_both_kinds_count_together),
        cmocka_unit_test(too_deep_a_document_is_told_its_place_too),
        cmocka_unit_test(a_million_brackets_do_not_reach_the_stack),
        cmocka_unit_test(brackets_in_texts_are_not_levels),
        cmocka_unit_test(a_mistake_names_the_line_and_the_column),
        cmocka_unit_test(a_mistake_never_quotes_the_document),
        cmocka_unit_test(nothing_is_read_behind_the_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
