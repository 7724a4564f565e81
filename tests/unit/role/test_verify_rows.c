#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "role/tool/verify_rows.h"
#include "unit/model/given.h"

#define ID(digit) "01900000-0000-7000-8000-00000000000" digit

static struct json *parse(const char *text)
{
    return given_json(text);
}

static struct verify_differences compare(const char *written, const char *applied)
{
    struct json *one = parse(written), *other = parse(applied);
    struct verify_rows rows[2];
    assert_true(verify_rows_read(one, &rows[0]));
    assert_true(verify_rows_read(other, &rows[1]));
    struct verify_differences found = verify_rows_compare(&rows[0], &rows[1]);
    verify_rows_free(&rows[0]);
    verify_rows_free(&rows[1]);
    json_free(&one);
    json_free(&other);
    return found;
}

/* Each pair of lists, and what differs. */
static const struct {
    const char *written, *applied, *said;
} pairs[] = {
    {"[]", "[]", ""},
    {"null", "null", ""},
    {"[['" ID("1") "',1,'a'],['" ID("2") "',7,'b']]",
     "[['" ID("1") "',1,'a'],['" ID("2") "',7,'b']]", ""},
    {"[['" ID("1") "',1,'a']]", "null", ID("1") ": is missing; the write side has version 1"},
    {"null", "[['" ID("1") "',3,'a']]",
     ID("1") ": has version 3, but the write side does not know it"},
    {"[['" ID("1") "',2,'a']]", "[['" ID("1") "',1,'b']]",
     ID("1") ": has version 1; the write side has version 2"},
    {"[['" ID("1") "',1,'a']]", "[['" ID("1") "',2,'b']]",
     ID("1") ": has version 2; the write side has version 1"},
    {"[['" ID("1") "',4,'a']]", "[['" ID("1") "',4,'b']]",
     ID("1") ": version 4 has another content than on the write side"},
    {"[['" ID("1") "',1,'a'],['" ID("3") "',1,'c']]",
     "[['" ID("2") "',1,'b'],['" ID("3") "',1,'c']]",
     ID("1") ": is missing; the write side has version 1" ID(
         "2") ": has version 1, but the write side does not know it"},
};

static void what_differs_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(pairs); i++) {
        struct verify_differences found = compare(pairs[i].written, pairs[i].applied);
        struct buf said = {0};
        for (size_t d = 0; d < found.count; d++) {
            struct buf one = {0};
            verify_difference_write(&found.items[d], &one);
            assert_true(str_starts_with(buf_str(&one), STR("record ")));
            buf_append_text(&said, one.ptr + strlen("record "));
            buf_free(&one);
        }
        assert_true(str_equal(buf_str(&said), str_from(pairs[i].said)));
        verify_differences_free(&found);
        buf_free(&said);
    }
}

static void what_was_equal_once_is_no_difference(void **state)
{
    struct verify_differences old =
        compare("[['" ID("1") "',1,'a'],['" ID("2") "',1,'a'],['" ID("3") "',1,'a']]", "null");
    struct verify_differences now =
        compare("[['" ID("2") "',5,'a'],['" ID("4") "',1,'a']]", "[['" ID("2") "',5,'x']]");
    (void)state;
    assert_true(verify_differences_may_pass(&old));
    verify_differences_narrow(&old, &now);
    assert_int_equal(old.count, 1);
    assert_int_equal(old.items[0].written, 5);
    assert_int_equal(old.items[0].kind, VERIFY_SAME_VERSION);
    assert_false(verify_differences_may_pass(&old));
    verify_differences_free(&now);
    verify_differences_narrow(&old, &now);
    assert_int_equal(old.count, 0);
    verify_differences_free(&old);
}

static void what_is_no_list_of_records_is_refused(void **state)
{
    static const char *const texts[] = {"{}",
                                        "7",
                                        "[7]",
                                        "[[]]",
                                        "[['x',1,'a']]",
                                        "[['" ID("1") "','1','a']]",
                                        "[['" ID("1") "',1,7]]",
                                        "[['" ID("1") "',1]]",
                                        "[['" ID("1") "',1,'a',0]]"};
    struct verify_rows rows;
    (void)state;
    for (size_t i = 0; i < countof(texts); i++) {
        struct json *json = parse(texts[i]);
        assert_false(verify_rows_read(json, &rows));
        json_free(&json);
    }
    assert_true(verify_rows_read(NULL, &rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_differs_is_named),
        cmocka_unit_test(what_was_equal_once_is_no_difference),
        cmocka_unit_test(what_is_no_list_of_records_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
