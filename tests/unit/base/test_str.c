#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "base/str.h"

static void assert_str(struct str got, const char *expected)
{
    if (!str_equal(got, str_from(expected)))
        fail_msg("\"" STR_FMT "\" is not \"%s\"", STR_ARG(got), expected);
}

static void null_is_the_empty_string(void **state)
{
    (void)state;
    assert_int_equal(str_from(NULL).len, 0);
    assert_true(str_equal(str_from(NULL), STR("")));
    assert_true(str_equal_nocase(STR(""), str_from(NULL)));
    assert_true(str_starts_with(str_from(NULL), STR("")));
    assert_true(str_ends_with(str_from(NULL), str_from(NULL)));
    assert_true(str_is_utf8(str_from(NULL)));
    assert_int_equal(str_trim(str_from(NULL)).len, 0);
}

static void equality_looks_at_every_byte_and_at_nothing_behind(void **state)
{
    (void)state;
    assert_true(str_equal((struct str){"abcX", 3}, (struct str){"abcY", 3}));
    assert_false(str_equal(STR("abc"), STR("abd")));
    assert_false(str_equal(STR("abc"), STR("ab")));
    assert_true(str_equal(STR("a\0b"), STR("a\0b")));
    assert_false(str_equal(STR("a\0b"), STR("a\0c")));
}

static void case_is_ignored_for_ascii_letters_only(void **state)
{
    (void)state;
    assert_true(str_equal_nocase(STR("Content-Type"), STR("cONTENT-tYPE")));
    assert_false(str_equal_nocase(STR("\xc3\x89"), STR("\xc3\xa9")));
    assert_false(str_equal_nocase(STR("["), STR("{")));
    assert_false(str_equal_nocase(STR("ab"), STR("abc")));
}

static void prefixes_and_suffixes_are_found_where_they_are(void **state)
{
    static const struct {
        const char *text, *part;
        bool starts, ends;
    } rows[] = {
        {"abcab", "ab", true, true}, {"abc", "ab", true, false},  {"abc", "bc", false, true},
        {"abc", "", true, true},     {"", "", true, true},        {"", "a", false, false},
        {"abc", "abc", true, true},  {"ab", "abc", false, false}, {"bc", "abc", false, false},
        {"abc", "b", false, false},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct str text = str_from(rows[i].text), part = str_from(rows[i].part);
        if (str_starts_with(text, part) != rows[i].starts ||
            str_ends_with(text, part) != rows[i].ends)
            fail_msg("\"%s\" and \"%s\"", rows[i].text, rows[i].part);
    }
}

static void trimming_takes_blanks_off_the_ends_only(void **state)
{
    (void)state;
    assert_str(str_trim(STR(" \t a b\t ")), "a b");
    assert_str(str_trim(STR("a")), "a");
    assert_str(str_trim(STR(" \t ")), "");
    assert_str(str_trim(STR("")), "");
    assert_str(str_trim(STR("\na\r")), "\na\r");
}

static void cutting_yields_every_piece_once_and_the_empty_ones_too(void **state)
{
    static const struct {
        const char *text;
        size_t count;
        const char *pieces[4];
    } rows[] = {
        {"", 1, {""}},
        {"a", 1, {"a"}},
        {",", 2, {"", ""}},
        {"a,", 2, {"a", ""}},
        {",a", 2, {"", "a"}},
        {"a,,bc", 3, {"a", "", "bc"}},
        {"a;b,c", 2, {"a;b", "c"}},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct str rest = str_from(rows[i].text);
        size_t count = 0;
        for (; rest.ptr != NULL; count++) {
            struct str piece = str_cut(&rest, ',');
            assert_true(count < rows[i].count);
            assert_str(piece, rows[i].pieces[count]);
        }
        assert_int_equal(count, rows[i].count);
        assert_int_equal(rest.len, 0);
    }
}

static void an_integer_is_read_to_the_very_limits(void **state)
{
    static const struct {
        const char *text;
        int64_t value;
    } rows[] = {
        {"0", 0},
        {"-0", 0},
        {"7", 7},
        {"-7", -7},
        {"0042", 42},
        {"2147483648", 2147483648},
        {"-2147483649", -2147483649},
        {"9223372036854775806", INT64_MAX - 1},
        {"9223372036854775807", INT64_MAX},
        {"0009223372036854775807", INT64_MAX},
        {"-9223372036854775807", -INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        int64_t value = 99;
        if (!str_to_int64(str_from(rows[i].text), &value) || value != rows[i].value)
            fail_msg("%s", rows[i].text);
    }
}

static void what_is_no_int64_is_refused_and_leaves_the_output_alone(void **state)
{
    static const char *const rows[] = {
        "",
        "-",
        "--1",
        "+1",
        " 1",
        "1 ",
        "1-",
        "1.0",
        "1e3",
        "0x10",
        "12a",
        "\xd9\xa1",
        "1\n",
        "9223372036854775808",
        "9223372036854775810",
        "-9223372036854775809",
        "-9223372036854775810",
        "18446744073709551616",
        "18446744073709551617",
        "99999999999999999999999999",
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        int64_t value = 99;
        if (str_to_int64(str_from(rows[i]), &value) || value != 99)
            fail_msg("\"%s\" gave %lld", rows[i], (long long)value);
    }
    int64_t value = 99;
    assert_false(str_to_int64(STR("1\0002"), &value));
}

static void an_integer_ends_where_its_length_says(void **state)
{
    (void)state;
    int64_t value;
    assert_true(str_to_int64((struct str){"123456", 3}, &value));
    assert_int_equal(value, 123);
}

static void well_formed_utf8_is_accepted_and_counted(void **state)
{
    static const struct {
        const char *text;
        size_t length;
    } rows[] = {
        {"", 0},
        {"abc", 3},
        {"\x01", 1},
        {"\x7f", 1},
        {"\xc2\x80", 1},               /* U+0080 */
        {"\xdf\xbf", 1},               /* U+07FF */
        {"\xe0\xa0\x80", 1},           /* U+0800 */
        {"\xe1\x80\x80", 1},           /* U+1000 */
        {"\xed\x9f\xbf", 1},           /* U+D7FF, the last before the surrogates */
        {"\xee\x80\x80", 1},           /* U+E000, the first behind them */
        {"\xef\xbf\xbf", 1},           /* U+FFFF */
        {"\xf0\x90\x80\x80", 1},       /* U+10000 */
        {"\xf3\xbf\xbf\xbf", 1},       /* U+FFFFF */
        {"\xf4\x8f\xbf\xbf", 1},       /* U+10FFFF, the last of all */
        {"\xef\xbb\xbf", 1},           /* a byte order mark is a character too */
        {"A\xe2\x89\xa2\xce\x91.", 4}, /* RFC 3629, section 7 */
        {"\xed\x95\x9c\xea\xb5\xad\xec\x96\xb4", 3},
        {"\xf0\xa3\x8e\xb4", 1},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct str text = str_from(rows[i].text);
        if (!str_is_utf8(text) || str_utf8_length(text) != rows[i].length)
            fail_msg("row %zu", i);
    }
}

static void a_character_counts_once_wherever_it_stands(void **state)
{
    (void)state;
    for (size_t before = 0; before < 20; before++) {
        char text[] = "twenty simple bytes.\0\0\0";
        memmove(text + before + 2, text + before, 20 - before);
        memcpy(text + before, "\xc3\xbc", 2);
        assert_int_equal(str_utf8_length(str_from(text)), 21);
    }
}

static void malformed_utf8_is_refused_wherever_it_stands(void **state)
{
    static const char *const rows[] = {
        "\x80",
        "\xbf", /* a continuation without a lead */
        "\xc0\x80",
        "\xc0\xaf",
        "\xc1\xbf", /* two bytes for what fits in one */
        "\xe0\x80\x80",
        "\xe0\x9f\xbf", /* three for two */
        "\xf0\x80\x80\x80",
        "\xf0\x8f\xbf\xbf", /* four for three */
        "\xed\xa0\x80",
        "\xed\xbf\xbf",             /* U+D800, U+DFFF: surrogates */
        "\xed\xa1\x8c\xed\xbe\xb4", /* a pair of them (CESU-8) */
        "\xf4\x90\x80\x80",
        "\xf7\xbf\xbf\xbf", /* above U+10FFFF */
        "\xf5\x80\x80\x80",
        "\xf8\x88\x80\x80\x80",
        "\xfe",
        "\xff", /* never bytes of UTF-8 */
        "\xc2",
        "\xe2\x89",
        "\xf0\xa3\x8e", /* cut short */
        "\xc2\x41",
        "\xc2\xc2",
        "\xe2\x28\xa2",
        "\xe2\x89\x28",
        "\xf0\x90\x80\x28",
        "\xf0\x28\x8c\xbc",
    };
    static const struct {
        const char *before, *after;
    } places[] = {{"", ""}, {"before", ""}, {"", "after"}, {"\xc3\xa9", "\xc3\xa9"}};
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        for (size_t j = 0; j < countof(places); j++) {
            char text[32];
            snprintf(text, sizeof(text), "%s%s%s", places[j].before, rows[i], places[j].after);
            if (str_is_utf8(str_from(text)))
                fail_msg("row %zu in place %zu", i, j);
        }
}

static void nul_is_not_text(void **state)
{
    (void)state;
    assert_false(str_is_utf8(STR("\0")));
    assert_false(str_is_utf8(STR("a\0b")));
}

static void utf8_beyond_the_length_does_not_count(void **state)
{
    (void)state;
    assert_false(str_is_utf8((struct str){"\xe2\x89\xa2", 2}));
    assert_true(str_is_utf8((struct str){"ab\xff", 2}));
}

static void a_secret_equals_itself_and_nothing_else(void **state)
{
    static const char *const others[] = {
        "", "s", "sesam", "sesamE", "Sesame", "sesamee", "sesamesesame", "xxxxxx", "esames",
    };
    (void)state;
    assert_true(str_equal_secret(STR("sesame"), STR("sesame")));
    for (size_t i = 0; i < countof(others); i++) {
        if (str_equal_secret(str_from(others[i]), STR("sesame")))
            fail_msg("\"%s\" opened the door", others[i]);
        if (str_equal_secret(STR("sesame"), str_from(others[i])))
            fail_msg("\"%s\" was opened", others[i]);
    }
    assert_false(str_equal_secret(STR("\0\0"), STR("")));
    assert_false(str_equal_secret(STR("\x01"), STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_is_the_empty_string),
        cmocka_unit_test(equality_looks_at_every_byte_and_at_nothing_behind),
        cmocka_unit_test(case_is_ignored_for_ascii_letters_only),
        cmocka_unit_test(prefixes_and_suffixes_are_found_where_they_are),
        cmocka_unit_test(trimming_takes_blanks_off_the_ends_only),
        cmocka_unit_test(cutting_yields_every_piece_once_and_the_empty_ones_too),
        cmocka_unit_test(an_integer_is_read_to_the_very_limits),
        cmocka_unit_test(what_is_no_int64_is_refused_and_leaves_the_output_alone),
        cmocka_unit_test(an_integer_ends_where_its_length_says),
        cmocka_unit_test(well_formed_utf8_is_accepted_and_counted),
        cmocka_unit_test(a_character_counts_once_wherever_it_stands),
        cmocka_unit_test(malformed_utf8_is_refused_wherever_it_stands),
        cmocka_unit_test(nul_is_not_text),
        cmocka_unit_test(utf8_beyond_the_length_does_not_count),
        cmocka_unit_test(a_secret_equals_itself_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
