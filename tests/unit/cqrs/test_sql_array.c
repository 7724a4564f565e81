#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "cqrs/sql_array.h"

static void bound_is(const struct buf *items, const char *wanted)
{
    struct pg_values values = {0};
    sql_array_bind(&values, items);
    assert_int_equal(values.count, 1);
    assert_int_equal(values.at[0].length, strlen(wanted));
    assert_memory_equal(values.bytes.ptr + values.at[0].offset, wanted, strlen(wanted));
    pg_values_free(&values);
}

static void nothing_is_the_empty_array(void **state)
{
    struct buf items = {0};
    (void)state;
    bound_is(&items, "{}");
}

static void texts_nulls_and_numbers_stand_side_by_side(void **state)
{
    struct buf items = {0};
    (void)state;
    sql_array_add(&items, STR("a,b}"));
    sql_array_add(&items, (struct str){NULL, 0});
    sql_array_add(&items, STR("NULL"));
    sql_array_add(&items, STR("\"\\"));
    sql_array_add_number(&items, -7);
    bound_is(&items, "{\"a,b}\",NULL,\"NULL\",\"\\\"\\\\\",-7}");
    buf_free(&items);
}

static void bytes_are_hexadecimal_digits_behind_an_escaped_backslash(void **state)
{
    struct buf items = {0};
    (void)state;
    sql_array_add_bytes(&items, (struct str){"\0\xff~", 3});
    sql_array_add_bytes(&items, STR(""));
    bound_is(&items, "{\"\\\\x00ff7e\",\"\\\\x\"}");
    buf_free(&items);
}

static void a_bytea_is_read_back_from_its_digits(void **state)
{
    static const char *const others[] = {"", "\\", "00", "\\x0", "\\xzz", "\\xfff"};
    struct buf bytes = {0};
    (void)state;
    buf_append_text(&bytes, "what was there before");
    assert_true(sql_bytes_parse(STR("\\x00fF7e"), &bytes));
    assert_true(str_equal(buf_str(&bytes), (struct str){"\0\xff~", 3}));
    assert_true(sql_bytes_parse(STR("\\x"), &bytes));
    assert_int_equal(bytes.len, 0);
    for (size_t i = 0; i < countof(others); i++)
        assert_false(sql_bytes_parse(str_from(others[i]), &bytes));
    buf_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_the_empty_array),
        cmocka_unit_test(texts_nulls_and_numbers_stand_side_by_side),
        cmocka_unit_test(bytes_are_hexadecimal_digits_behind_an_escaped_backslash),
        cmocka_unit_test(a_bytea_is_read_back_from_its_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
