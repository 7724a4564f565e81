#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "unit/cqrs/given_array.h"

static void bound_is(const struct buf *items, const char *wanted)
{
    struct pg_values values = {0};
    struct buf text = {0};
    sql_array_bind(&values, items);
    assert_int_equal(values.count, 1);
    assert_int_equal(values.at[0].is_binary, items->len > 0);
    given_array((struct str){values.bytes.ptr, (size_t)values.at[0].length}, &text);
    assert_string_equal(text.ptr, wanted);
    buf_free(&text);
    pg_values_free(&values);
}

static void nothing_is_the_empty_array_of_any_type(void **state)
{
    struct buf items = {0};
    (void)state;
    bound_is(&items, "{}");
}

/* By PostgreSQL 15: select array_send(array['a', null, 'bc']). */
static void the_bytes_are_those_that_postgresql_sends(void **state)
{
    static const char bytes[] = "\0\0\0\1\0\0\0\1\0\0\0\31\0\0\0\3\0\0\0\1"
                                "\0\0\0\1a\377\377\377\377\0\0\0\2bc";
    struct buf items = {0};
    (void)state;
    sql_array_add(&items, STR("a"));
    sql_array_add(&items, (struct str){NULL, 0});
    sql_array_add(&items, STR("bc"));
    assert_int_equal(items.len, sizeof(bytes) - 1);
    assert_memory_equal(items.ptr, bytes, items.len);
    buf_free(&items);
}

static void an_array_holds_items_of_its_type(void **state)
{
    struct buf numbers = {0}, truths = {0}, ids = {0}, times = {0}, bytes = {0};
    struct uuid id = uuid_from(1, 2, 3);
    char text[UUID_TEXT_SIZE], wanted[64];
    (void)state;
    sql_array_add_number(&numbers, -7);
    sql_array_add_number(&numbers, INT64_MIN);
    bound_is(&numbers, "{-7,-9223372036854775808}");
    sql_array_add_truth(&truths, true);
    sql_array_add_truth(&truths, false);
    bound_is(&truths, "{t,f}");
    sql_array_add_uuid(&ids, NULL);
    sql_array_add_uuid(&ids, &id);
    uuid_format(&id, text);
    snprintf(wanted, sizeof(wanted), "{NULL,%s}", text);
    bound_is(&ids, wanted);
    sql_array_add_time(&times, 946684800001); /* a millisecond into 2000 */
    sql_array_add_time(&times, 0);
    bound_is(&times, "{1000,-946684800000000}");
    sql_array_add_bytes(&bytes, STR("~,"));
    sql_array_add_bytes(&bytes, STR(""));
    bound_is(&bytes, "{~,,}");
    struct buf *all[] = {&numbers, &truths, &ids, &times, &bytes};
    for (size_t i = 0; i < countof(all); i++)
        buf_free(all[i]);
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
        cmocka_unit_test(nothing_is_the_empty_array_of_any_type),
        cmocka_unit_test(the_bytes_are_those_that_postgresql_sends),
        cmocka_unit_test(an_array_holds_items_of_its_type),
        cmocka_unit_test(a_bytea_is_read_back_from_its_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
