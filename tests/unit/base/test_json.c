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

/* `json` written out; it is freed. */
static struct buf written(struct json *json)
{
    struct buf out = {0};
    json_write(json, &out);
    json_free(&json);
    return out;
}

static void compact_documents_come_back_byte_for_byte(void **state)
{
    static const char *const rows[] = {
        "null",
        "true",
        "false",
        "0",
        "-1",
        "\"\"",
        "[]",
        "{}",
        "[[],{},[{}]]",
        "{\"b\":1,\"a\":2,\"c\":[true,false,null]}",
        "{\"\":\"an empty key\"}",
        "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"",
        "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/\"",
        "{\"k\\\"\\n\":1}",
        "9223372036854775807",
        "-9223372036854775808",
        "[0.5,-0.0,1e+300,1.0]",
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct buf out = written(parse(rows[i]));
        assert_string_equal(out.ptr, rows[i]);
        buf_free(&out);
    }
}

static void other_spellings_come_back_in_ours(void **state)
{
    static const struct {
        const char *given, *ours;
    } rows[] = {
        {" \t\r\n[ 1 , 2 ] \n", "[1,2]"},
        {"\"\\u0041\\u00e9\\/\"", "\"A\xc3\xa9/\""},
        {"\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\""},
        {"\"\\uD7FF\\uE000\\uFFFF\"", "\"\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\""},
        {"\"\x7f\"", "\"\x7f\""},
        {"-0", "0"},
        {"1E2", "100.0"},
        {"1e-2", "0.01"},
        {"0.10", "0.1"},
        {"1e-400", "0.0"},
        {"100000000000000000000.0", "1e+20"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct buf out = written(parse(rows[i].given));
        assert_string_equal(out.ptr, rows[i].ours);
        buf_free(&out);
    }
}

static void a_tree_is_built_written_and_parsed_to_the_same(void **state)
{
    (void)state;
    struct json *object = json_make_object(), *array = json_make_array();
    json_push(array, json_make_null());
    json_push(array, json_make_boolean(true));
    json_push(array, json_make_boolean(false));
    json_push(array, json_make_integer(INT64_MIN));
    json_push(array, json_make_real(0.25));
    json_push(array, json_make_string(STR("caf\xc3\xa9 \"\\")));
    json_push(array, json_make_string(str_from(NULL)));
    json_put(object, "z", array);
    json_put(object, "a", json_make_object());
    struct buf out = {0};
    json_write(object, &out);
    assert_string_equal(out.ptr, "{\"z\":[null,true,false,-9223372036854775808,0.25,"
                                 "\"caf\xc3\xa9 \\\"\\\\\",\"\"],\"a\":{}}");
    struct json *back = parse(out.ptr);
    assert_true(json_same(object, back));
    json_free(&back);
    json_free(&object);
    assert_null(object);
    buf_free(&out);
}

static void every_value_knows_its_kind_and_content(void **state)
{
    static const struct {
        const char *text;
        enum json_kind kind;
        size_t count;
    } rows[] = {
        {"null", JSON_KIND_NULL, 0},       {"true", JSON_KIND_BOOLEAN, 0},
        {"false", JSON_KIND_BOOLEAN, 0},   {"7", JSON_KIND_INTEGER, 0},
        {"7.0", JSON_KIND_REAL, 0},        {"7e0", JSON_KIND_REAL, 0},
        {"\"7\"", JSON_KIND_STRING, 0},    {"[]", JSON_KIND_ARRAY, 0},
        {"[[1,2],3]", JSON_KIND_ARRAY, 2}, {"{\"a\":1,\"b\":{}}", JSON_KIND_OBJECT, 2},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct json *json = parse(rows[i].text);
        if (json_kind(json) != rows[i].kind || json_count(json) != rows[i].count)
            fail_msg("%s", rows[i].text);
        json_free(&json);
    }
}

static void numbers_are_read_as_they_are(void **state)
{
    (void)state;
    struct json *json = parse("[-9223372036854775808,9223372036854775807,3,-2.5]");
    assert_true(json_integer_of(json_item(json, 0)) == INT64_MIN);
    assert_true(json_integer_of(json_item(json, 1)) == INT64_MAX);
    assert_true(json_number(json_item(json, 2)) == 3.0);
    assert_true(json_number(json_item(json, 3)) == -2.5);
    assert_null(json_item(json, 4));
    json_free(&json);
}

static void members_are_walked_in_the_order_they_were_written(void **state)
{
    (void)state;
    struct json *json = parse("{\"z\":0,\"a\":1,\"m\":2,\"\":3,\"b\":4,\"10\":5,\"9\":6,\"A\":7}");
    int64_t expected = 0;
    for (struct json_member m = json_first(json); m.key != NULL; m = json_next(json, m)) {
        assert_int_equal(json_integer_of(m.value), expected++);
        assert_ptr_equal(json_find(json, m.key), m.value);
    }
    assert_int_equal(expected, 8);
    json_free(&json);
    json = json_make_object();
    assert_null(json_first(json).key);
    json_free(&json);
}

static void putting_a_key_again_replaces_its_value(void **state)
{
    (void)state;
    struct json *json = parse("{\"a\":1,\"b\":2}");
    json_put(json, "a", json_make_string(STR("new")));
    assert_int_equal(json_count(json), 2);
    assert_true(str_equal(json_text(json_find(json, "a")), STR("new")));
    json_free(&json);
}

static void a_missing_member_or_one_of_another_kind_gives_the_default(void **state)
{
    static const char *const keys[] = {"text", "truth", "integer", "real", "null", "none"};
    (void)state;
    struct json *json =
        parse("{\"text\":\"t\",\"truth\":true,\"integer\":5,\"real\":5.0,\"null\":null}");
    for (size_t i = 0; i < countof(keys); i++) {
        struct str text = json_find_text(json, keys[i], STR("other"));
        assert_true(str_equal(text, i == 0 ? STR("t") : STR("other")));
        assert_int_equal(json_find_truth(json, keys[i], false), i == 1);
        assert_int_equal(json_find_integer(json, keys[i], -1), i == 2 ? 5 : -1);
    }
    json_free(&json);
}

static void a_shared_tree_lives_until_its_last_owner_leaves(void **state)
{
    (void)state;
    struct json *json = parse("{\"a\":[1]}");
    struct json *child = json_share(json_find(json, "a"));
    struct json *other = json_share(json);
    json_free(&json);
    assert_int_equal(json_count(other), 1);
    json_free(&other);
    assert_int_equal(json_integer_of(json_item(child, 0)), 1);
    json_free(&child);
    json_free(&child);
}

static void sameness_ignores_the_order_of_members_and_nothing_else(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        {"{\"a\":1,\"b\":[2]}", "{\"b\":[2],\"a\":1}", true},
        {"[1,2]", "[2,1]", false},
        {"{\"a\":1}", "{\"a\":1,\"b\":null}", false},
        {"1", "1.0", false},
        {"0", "false", false},
        {"null", "null", true},
        {"\"a\"", "\"\\u0061\"", true},
        {"\"a\"", "\"A\"", false},
        {"\"\xc3\xa9\"", "\"e\xcc\x81\"", false},
        {"[]", "{}", false},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct json *a = parse(rows[i].a), *b = parse(rows[i].b);
        if (json_same(a, b) != rows[i].same || json_same(b, a) != rows[i].same)
            fail_msg("%s and %s", rows[i].a, rows[i].b);
        json_free(&a);
        json_free(&b);
    }
}

static void a_text_is_quoted_so_that_it_reads_back(void **state)
{
    static const struct {
        struct str text;
        const char *written;
    } rows[] = {
        {{NULL, 0}, "\"\""},
        {{"", 0}, "\"\""},
        {{"plain", 5}, "\"plain\""},
        {{"a\"b\\c", 5}, "\"a\\\"b\\\\c\""},
        {{"\b\f\n\r\t", 5}, "\"\\b\\f\\n\\r\\t\""},
        {{"\x01\x0b\x1f", 3}, "\"\\u0001\\u000b\\u001f\""},
        {{"a\0b", 3}, "\"a\\u0000b\""},
        {{"\"\"", 2}, "\"\\\"\\\"\""},
        {{"/\x7f", 2}, "\"/\x7f\""},
        {{"\xe2\x80\xa8\xf0\x9f\x98\x80", 7}, "\"\xe2\x80\xa8\xf0\x9f\x98\x80\""},
        {{"cutXXX", 3}, "\"cut\""},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct buf out = {0};
        json_write_string(rows[i].text, &out);
        assert_string_equal(out.ptr, rows[i].written);
        buf_free(&out);
    }
}

static void what_needs_an_escape_gets_it_wherever_it_stands(void **state)
{
    (void)state;
    for (size_t place = 0; place < 20; place++)
        for (char c = 1; c < 0x7f; c++) {
            char text[] = "twenty simple bytes.", mistake[JSON_MISTAKE_SIZE];
            struct buf out = {0};
            text[place] = c;
            json_write_string(str_from(text), &out);
            struct json *json = json_parse(buf_str(&out), mistake);
            if (json == NULL || !str_equal(json_text(json), str_from(text)))
                fail_msg("byte %d at %zu: %s", c, place, out.ptr);
            json_free(&json);
            buf_free(&out);
        }
}

static void even_bytes_that_are_no_text_are_written_as_a_json_string(void **state)
{
    static const char *const rows[] = {
        "\xff", "a\x80z", "\xc3", "\xe2\x82", "\xed\xa0\x80", "\xc0\xaf", "caf\xe9 au lait",
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct buf out = {0};
        char mistake[JSON_MISTAKE_SIZE];
        json_write_string(str_from(rows[i]), &out);
        struct json *json = json_parse(buf_str(&out), mistake);
        buf_free(&out);
        if (json == NULL)
            fail_msg("row %zu: %s", i, mistake);
        json_free(&json);
    }
}

static void a_real_is_written_in_its_fewest_digits(void **state)
{
    static const struct {
        double value;
        const char *text;
    } rows[] = {
        {0.0, "0.0"},
        {-0.0, "-0.0"},
        {1.0, "1.0"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"},
        {100.0, "100.0"},
        {123456789012345.0, "123456789012345.0"},
        {9007199254740992.0, "9007199254740992.0"},
        {1e15, "1e+15"},
        {1e22, "1e+22"},
        {1e-7, "1e-07"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {5e-324, "5e-324"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct buf out = written(json_make_real(rows[i].value));
        if (strcmp(out.ptr, rows[i].text) != 0)
            fail_msg("%s is not %s", out.ptr, rows[i].text);
        buf_free(&out);
    }
}

static void every_real_comes_back_to_the_bit_and_stays_a_real(void **state)
{
    (void)state;
    uint64_t bits = 88172645463325252;
    for (int i = 0; i < 20000; i++) {
        bits ^= bits << 13, bits ^= bits >> 7, bits ^= bits << 17;
        if ((bits >> 52 & 0x7ff) == 0x7ff)
            continue;
        double value, back;
        memcpy(&value, &bits, sizeof(value));
        struct buf out = written(json_make_real(value));
        struct json *json = parse(out.ptr);
        assert_int_equal(json_kind(json), JSON_KIND_REAL);
        back = json_number(json);
        json_free(&json);
        if (memcmp(&back, &value, sizeof(back)) != 0)
            fail_msg("%a became %a by way of %s", value, back, out.ptr);
        buf_free(&out);
    }
}

static void a_member_is_found_without_parsing_the_others(void **state)
{
    static const struct {
        const char *object, *key, *value; /* NULL: it is not there */
    } rows[] = {
        {"{}", "a", NULL},
        {"{\"a\":1}", "a", "1"},
        {"{\"ab\":1,\"b\":{\"a\":2},\"a\":[3,{\"c\":4}],\"c\":5}", "a", "[3,{\"c\":4}]"},
        {"{\"b\":\",\\\"a\\\":1,\\\\\",\"a\":\"}\"}", "a", "\"}\""},
        {"{ \"b\" : [ ] , \"a\" : null }", "a", "null"},
        {"{\"b\":\"a\"}", "a", NULL},
        {"{\"b\":\"\\", "a", NULL}, /* not well-formed, and yet nothing beyond is read */
        {"", "a", NULL},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct str found = json_peek(str_from(rows[i].object), str_from(rows[i].key));
        assert_true(str_equal(found, str_from(rows[i].value)));
        assert_int_equal(found.ptr == NULL, rows[i].value == NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compact_documents_come_back_byte_for_byte),
        cmocka_unit_test(other_spellings_come_back_in_ours),
        cmocka_unit_test(a_tree_is_built_written_and_parsed_to_the_same),
        cmocka_unit_test(every_value_knows_its_kind_and_content),
        cmocka_unit_test(numbers_are_read_as_they_are),
        cmocka_unit_test(members_are_walked_in_the_order_they_were_written),
        cmocka_unit_test(putting_a_key_again_replaces_its_value),
        cmocka_unit_test(a_missing_member_or_one_of_another_kind_gives_the_default),
        cmocka_unit_test(a_shared_tree_lives_until_its_last_owner_leaves),
        cmocka_unit_test(sameness_ignores_the_order_of_members_and_nothing_else),
        cmocka_unit_test(a_text_is_quoted_so_that_it_reads_back),
        cmocka_unit_test(what_needs_an_escape_gets_it_wherever_it_stands),
        cmocka_unit_test(even_bytes_that_are_no_text_are_written_as_a_json_string),
        cmocka_unit_test(a_real_is_written_in_its_fewest_digits),
        cmocka_unit_test(a_member_is_found_without_parsing_the_others),
        cmocka_unit_test(every_real_comes_back_to_the_bit_and_stays_a_real),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
