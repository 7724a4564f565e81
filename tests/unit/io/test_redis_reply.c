#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "io/redis_conn.h"

#define ENTRY "*2\r\n$3\r\n7-0\r\n*4\r\n$4\r\ndata\r\n$3\r\n\0\xff\n\r\n$4\r\nnone\r\n$0\r\n\r\n"

static void a_stream_entry_is_written_as_it_was_read(void **state)
{
    struct str bytes = {ENTRY, sizeof(ENTRY) - 1};
    struct redis_reply *entry = redis_reply_parse(bytes);
    struct buf out = {0};
    (void)state;
    assert_int_equal(redis_reply_count(entry), 2);
    const struct redis_reply *fields = redis_reply_item(entry, 1);
    assert_true(str_equal(redis_reply_text(redis_reply_item(entry, 0)), STR("7-0")));
    assert_int_equal(redis_reply_text(redis_reply_item(fields, 1)).len, 3);
    assert_int_equal(redis_reply_text(redis_reply_item(fields, 3)).len, 0);
    redis_reply_write(entry, &out);
    assert_true(str_equal(buf_str(&out), bytes));
    buf_free(&out);
    redis_reply_free(&entry);
}

static void what_is_neither_text_nor_array_is_written_as_nil(void **state)
{
    struct redis_reply *reply = redis_reply_parse(STR("*2\r\n:7\r\n$-1\r\n"));
    struct buf out = {0};
    (void)state;
    redis_reply_write(reply, &out);
    assert_true(str_equal(buf_str(&out), STR("*2\r\n$-1\r\n$-1\r\n")));
    buf_free(&out);
    redis_reply_free(&reply);
}

static void a_reply_of_any_size_is_one_tree(void **state)
{
    enum { ITEMS = 3000, SIZE = 40000 };
    struct buf bytes = {0};
    char *large = mem_new(1, SIZE);
    (void)state;
    memset(large, 'x', SIZE);
    buf_printf(&bytes, "*%d\r\n$%d\r\n", ITEMS + 1, SIZE);
    buf_append(&bytes, large, SIZE);
    buf_append_text(&bytes, "\r\n");
    for (int i = 0; i < ITEMS; i++)
        buf_printf(&bytes, "*2\r\n:%d\r\n+%d\r\n", i, i);
    struct redis_reply *reply = redis_reply_parse(buf_str(&bytes));
    assert_int_equal(redis_reply_count(reply), ITEMS + 1);
    assert_int_equal(redis_reply_text(redis_reply_item(reply, 0)).len, SIZE);
    for (int i = 0; i < ITEMS; i++) {
        const struct redis_reply *pair = redis_reply_item(reply, (size_t)i + 1);
        int64_t number;
        assert_int_equal(redis_reply_number(redis_reply_item(pair, 0)), i);
        assert_true(str_to_int64(redis_reply_text(redis_reply_item(pair, 1)), &number));
        assert_int_equal(number, i);
    }
    redis_reply_free(&reply);
    assert_null(reply);
    free(large);
    buf_free(&bytes);
}

static void an_array_of_too_many_is_not_believed(void **state)
{
    (void)state;
    assert_null(redis_reply_parse(STR("*1048577\r\n")));
    assert_null(redis_reply_parse(STR("*1\r\n*2147483647\r\n")));
}

static void what_is_no_reply_or_half_of_one_is_nothing(void **state)
{
    static const char *const texts[] = {"", "hello\r\n", "*2\r\n$1\r\na\r\n", "$9\r\nabc",
                                        "$x\r\n"};
    (void)state;
    for (size_t i = 0; i < countof(texts); i++)
        assert_null(redis_reply_parse(str_from(texts[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_entry_is_written_as_it_was_read),
        cmocka_unit_test(what_is_neither_text_nor_array_is_written_as_nil),
        cmocka_unit_test(a_reply_of_any_size_is_one_tree),
        cmocka_unit_test(an_array_of_too_many_is_not_believed),
        cmocka_unit_test(what_is_no_reply_or_half_of_one_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
