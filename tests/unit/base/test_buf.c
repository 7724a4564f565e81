#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "base/buf.h"

static void assert_holds(const struct buf *buf, const char *expected)
{
    assert_int_equal(buf->len, strlen(expected));
    assert_string_equal(buf->ptr, expected);
}

static void whatever_is_appended_stands_behind_what_was_there(void **state)
{
    (void)state;
    struct buf buf = {0};
    buf_append(&buf, "one", 3);
    buf_append_char(&buf, ',');
    buf_append_text(&buf, "two");
    buf_append_str(&buf, STR(","));
    buf_printf(&buf, "%d%s", 3, "!");
    assert_holds(&buf, "one,two,3!");
    assert_true(str_equal(buf_str(&buf), STR("one,two,3!")));
    buf_free(&buf);
}

static void appending_nothing_still_makes_a_c_string(void **state)
{
    (void)state;
    struct buf buf = {0};
    buf_append_str(&buf, str_from(NULL));
    assert_holds(&buf, "");
    buf_printf(&buf, "%s", "");
    assert_holds(&buf, "");
    buf_free(&buf);
}

static void bytes_may_be_nul(void **state)
{
    (void)state;
    struct buf buf = {0};
    buf_append(&buf, "a\0b", 3);
    assert_int_equal(buf.len, 3);
    assert_memory_equal(buf.ptr, "a\0b", 4);
    buf_free(&buf);
}

static void it_grows_across_every_boundary_and_stays_terminated(void **state)
{
    (void)state;
    struct buf buf = {0};
    for (size_t i = 0; i < 5000; i++) {
        buf_append_char(&buf, (char)('a' + i % 26));
        assert_true(buf.capacity > buf.len);
        assert_int_equal(buf.ptr[buf.len], '\0');
    }
    for (size_t i = 0; i < buf.len; i++)
        assert_int_equal(buf.ptr[i], 'a' + i % 26);
    buf_free(&buf);
}

static void printing_more_than_the_room_left_grows_it(void **state)
{
    static const int widths[] = {126, 127, 128, 129, 255, 256, 257, 4096};
    (void)state;
    for (size_t i = 0; i < countof(widths); i++) {
        struct buf buf = {0};
        buf_append_text(&buf, "x");
        buf_printf(&buf, "%*d", widths[i], 7);
        assert_int_equal(buf.len, widths[i] + 1);
        assert_string_equal(buf.ptr + buf.len - 2, " 7");
        assert_int_equal(buf.ptr[0], 'x');
        buf_free(&buf);
    }
}

static void a_number_is_written_as_printf_would(void **state)
{
    static const int64_t numbers[] = {0, 7, -7, 10, 1234567890123, INT64_MAX, INT64_MIN};
    (void)state;
    for (size_t i = 0; i < countof(numbers); i++) {
        struct buf written = {0}, printed = {0};
        buf_append_number(&written, numbers[i]);
        buf_printf(&printed, "%lld", (long long)numbers[i]);
        assert_string_equal(written.ptr, printed.ptr);
        buf_free(&written);
        buf_free(&printed);
    }
}

static void reserved_room_is_the_callers_to_fill(void **state)
{
    (void)state;
    struct buf buf = {0};
    buf_append_text(&buf, "head:");
    memset(buf_reserve(&buf, 1000), 'r', 1000);
    buf.len += 1000;
    buf_append_char(&buf, '.');
    assert_int_equal(buf.len, 1006);
    assert_memory_equal(buf.ptr, "head:rrr", 8);
    assert_string_equal(buf.ptr + 1003, "rr.");
    buf_free(&buf);
}

static void reserving_alone_changes_nothing_that_is_held(void **state)
{
    (void)state;
    struct buf buf = {0};
    buf_append_text(&buf, "kept");
    buf_reserve(&buf, 10000);
    assert_holds(&buf, "kept");
    buf_free(&buf);
}

static void an_empty_one_can_give_nothing_away(void **state)
{
    (void)state;
    struct buf buf = {0};
    assert_int_equal(buf_str(&buf).len, 0);
    buf_reset(&buf);
    assert_int_equal(buf.len, 0);
    buf_free(&buf);
}

static void resetting_empties_it_and_keeps_the_memory(void **state)
{
    (void)state;
    struct buf buf = {0};
    buf_append_text(&buf, "yesterday");
    char *memory = buf.ptr;
    buf_reset(&buf);
    assert_int_equal(buf.len, 0);
    buf_append_text(&buf, "today");
    assert_ptr_equal(buf.ptr, memory);
    assert_holds(&buf, "today");
    buf_free(&buf);
}

static void a_reset_one_reads_as_the_empty_c_string(void **state)
{
    (void)state;
    struct buf buf = {0};
    buf_append_text(&buf, "yesterday");
    buf_reset(&buf);
    char first = buf.ptr[0];
    buf_free(&buf);
    assert_int_equal(first, '\0');
}

static void freeing_twice_is_fine_and_it_can_be_used_again(void **state)
{
    (void)state;
    struct buf buf = {0};
    buf_free(&buf);
    buf_append_text(&buf, "a");
    buf_free(&buf);
    buf_free(&buf);
    assert_null(buf.ptr);
    assert_int_equal(buf.capacity, 0);
    buf_append_text(&buf, "b");
    assert_holds(&buf, "b");
    buf_free(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_is_appended_stands_behind_what_was_there),
        cmocka_unit_test(appending_nothing_still_makes_a_c_string),
        cmocka_unit_test(bytes_may_be_nul),
        cmocka_unit_test(it_grows_across_every_boundary_and_stays_terminated),
        cmocka_unit_test(printing_more_than_the_room_left_grows_it),
        cmocka_unit_test(a_number_is_written_as_printf_would),
        cmocka_unit_test(reserved_room_is_the_callers_to_fill),
        cmocka_unit_test(reserving_alone_changes_nothing_that_is_held),
        cmocka_unit_test(an_empty_one_can_give_nothing_away),
        cmocka_unit_test(resetting_empties_it_and_keeps_the_memory),
        cmocka_unit_test(a_reset_one_reads_as_the_empty_c_string),
        cmocka_unit_test(freeing_twice_is_fine_and_it_can_be_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
