#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "cqrs/replication/position.h"

#define MOST_TEXT "18446744073709551615"

/* In their order. */
static const struct {
    struct position position;
    const char *text;
} ordered[] = {
    {{0, 0}, "0-0"},
    {{0, 1}, "0-1"},
    {{0, UINT64_MAX}, "0-" MOST_TEXT},
    {{1, 0}, "1-0"},
    {{9, 10}, "9-10"},
    {{10, 9}, "10-9"},
    {{INT64_MAX, 7}, "9223372036854775807-7"},
    {{(uint64_t)INT64_MAX + 1, 7}, "9223372036854775808-7"},
    {{UINT64_MAX, 0}, MOST_TEXT "-0"},
    {{UINT64_MAX, UINT64_MAX}, MOST_TEXT "-" MOST_TEXT},
};

static void a_position_is_written_and_read_as_a_stream_id(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(ordered); i++) {
        char text[POSITION_TEXT_SIZE];
        struct position read;
        position_format(ordered[i].position, text);
        assert_string_equal(text, ordered[i].text);
        assert_true(position_parse(str_from(text), &read));
        assert_true(read.commit == ordered[i].position.commit);
        assert_true(read.index == ordered[i].position.index);
    }
}

static void what_is_no_stream_id_is_refused(void **state)
{
    static const char *const rows[] = {
        "",
        "-",
        "1",
        "1-",
        "-1",
        "1-2-3",
        "1--2",
        "+1-2",
        "1-+2",
        " 1-2",
        "1-2 ",
        "1 -2",
        "0x1-2",
        "1-a",
        "a-1",
        "1.0-2",
        "$",
        "*",
        "1-*",
        "1/2",
        "1:2",
        "1-2\x80",
        "1-2\n",
        "1-2\t",
        "1e3-0",
        "1-\xd9\xa1",
        "1_0-0",
        "--",
        "1-0x",
        "0-:",
        MOST_TEXT "0-0",
        "0-" MOST_TEXT "0",
        "18446744073709551616-0",
        "0-18446744073709551616",
    };
    (void)state;
    struct position position;
    for (size_t i = 0; i < countof(rows); i++)
        if (position_parse(str_from(rows[i]), &position))
            fail_msg("\"%s\" was taken", rows[i]);
    assert_false(position_parse((struct str){NULL, 0}, &position));
    assert_false(position_parse(STR("1-2\0"), &position));
}

static int sign(int number)
{
    return (number > 0) - (number < 0);
}

static void the_commit_comes_before_the_index(void **state)
{
    (void)state;
    for (int i = 0; i < (int)countof(ordered); i++)
        for (int j = 0; j < (int)countof(ordered); j++) {
            struct position a = ordered[i].position, b = ordered[j].position;
            assert_int_equal(sign(position_compare(a, b)), sign(i - j));
            struct position later = position_later(a, b);
            assert_int_equal(position_compare(later, ordered[i > j ? i : j].position), 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_position_is_written_and_read_as_a_stream_id),
        cmocka_unit_test(what_is_no_stream_id_is_refused),
        cmocka_unit_test(the_commit_comes_before_the_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
