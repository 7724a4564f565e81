#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "cqrs/query/cursor.h"

static const struct cursor_seal seal = {.key = {1, 2, 3}, .asked = {4, 5, 6}};

static const struct cursor cursors[] = {
    {.before = 0, .count = 0},
    {.before = 7, .keys = {STR("x")}, .count = 1},
    {.before = (int64_t)1 << 48, .keys = {STR(""), {NULL, 0}, STR("a;b:c"), STR("n:")}, .count = 4},
    {.before = 10, .keys = {STR("\xc3\xb1\n\"'"), STR("12345678901234567890")}, .count = 2},
};

static struct buf write_text(const struct cursor *cursor)
{
    struct buf text = {0};
    cursor_write(cursor, &seal, &text);
    return text;
}

static void a_cursor_says_what_was_written_into_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(cursors); i++) {
        struct buf text = write_text(&cursors[i]), texts = {0};
        struct cursor read;
        buf_reserve(&texts, text.len);
        assert_true(cursor_read(buf_str(&text), &seal, &texts, &read));
        assert_int_equal(read.before, cursors[i].before);
        assert_int_equal(read.count, cursors[i].count);
        assert_true(texts.len <= text.len);
        for (size_t k = 0; k < read.count; k++) {
            assert_true(str_equal(read.keys[k], cursors[i].keys[k]));
            assert_int_equal(read.keys[k].ptr == NULL, cursors[i].keys[k].ptr == NULL);
        }
        buf_free(&text);
        buf_free(&texts);
    }
}

static void a_cursor_needs_no_escape_in_a_url(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(cursors); i++) {
        struct buf text = write_text(&cursors[i]);
        assert_int_equal(strspn(text.ptr, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789-_"),
                         text.len);
        buf_free(&text);
    }
}

static bool is_read(struct str text, const struct cursor_seal *with)
{
    struct buf texts = {0};
    struct cursor read;
    bool is_fine = cursor_read(text, with, &texts, &read);
    buf_free(&texts);
    return is_fine;
}

static void a_cursor_with_any_bit_changed_is_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(cursors); i++) {
        struct buf text = write_text(&cursors[i]);
        for (size_t at = 0; at < text.len; at++)
            for (int bit = 0; bit < 8; bit++) {
                text.ptr[at] = (char)(text.ptr[at] ^ 1 << bit);
                assert_false(is_read(buf_str(&text), &seal));
                text.ptr[at] = (char)(text.ptr[at] ^ 1 << bit);
            }
        for (size_t len = 0; len < text.len; len++)
            assert_false(is_read((struct str){text.ptr, len}, &seal));
        buf_append_char(&text, 'A');
        assert_false(is_read(buf_str(&text), &seal));
        buf_free(&text);
    }
}

static void a_number_that_could_not_be_counted_on_is_refused(void **state)
{
    (void)state;
    static const int64_t numbers[] = {-1, INT64_MIN, CURSOR_BEFORE_MAX + 1, INT64_MAX};
    for (size_t i = 0; i < countof(numbers); i++) {
        struct buf text = write_text(&(struct cursor){.before = numbers[i]});
        assert_false(is_read(buf_str(&text), &seal));
        buf_free(&text);
    }
}

static void a_cursor_under_another_key_or_of_another_list_is_none(void **state)
{
    (void)state;
    struct cursor_seal other_key = seal, other_list = seal;
    other_key.key[31] ^= 1;
    other_list.asked[31] ^= 1;
    struct buf text = write_text(&cursors[1]);
    assert_true(is_read(buf_str(&text), &seal));
    assert_false(is_read(buf_str(&text), &other_key));
    assert_false(is_read(buf_str(&text), &other_list));
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cursor_says_what_was_written_into_it),
        cmocka_unit_test(a_cursor_needs_no_escape_in_a_url),
        cmocka_unit_test(a_cursor_with_any_bit_changed_is_none),
        cmocka_unit_test(a_number_that_could_not_be_counted_on_is_refused),
        cmocka_unit_test(a_cursor_under_another_key_or_of_another_list_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
