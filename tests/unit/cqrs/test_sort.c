#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "cqrs/query/sort.h"
#include "unit/model/given.h"

static struct collection *given_items(void)
{
    return given_collection(
        "{'name':'a','type':['null','string'],'maxLength':99,"
        "'default':null,'sort':true},{'name':'n','type':['null','int'],'default':null,'sort':true},"
        "{'name':'x','type':'double','default':0,'sort':true}");
}

static void the_keys_of_a_record_are_its_members(void **state)
{
    static const char head[] =
        "{\"id\":\"7\",\"list\":[\"a\",{\"n\":1}],\"created_at\":\"2026-01-02T03:04:05.678Z\"";
    static const struct {
        const char *sort, *rest, *keys;
    } rows[] = {
        {"", "}", "2026-01-02T03:04:05.678Z|7|"},
        {"a", ",\"a\":\"say \\\"\\u00e9, :\\\\\"}", "say \"\xc3\xa9, :\\|7|"},
        {"a,-n", ",\"a\":\"\",\"n\":-12}", "|-12|7|"},
        {"n,a,x", ",\"n\":null,\"x\":2.5e-7}", "NULL|NULL|2.5e-7|7|"},
        {"x", " , \"x\" : 1.0 }", "1.0|7|"}, /* as PostgreSQL writes JSON */
    };
    struct collection *collection = given_items();
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct sort sort = {.count = 0};
        struct str keys[SORT_KEYS_MAX];
        struct problem problem = {0};
        struct buf record = {0}, texts = {0}, found = {0};
        buf_printf(&record, "%s%s", head, rows[i].rest);
        if (rows[i].sort[0] != '\0')
            sort_take(collection, str_from(rows[i].sort), &sort, &problem);
        assert_int_equal(problem.mistake_count, 0);
        size_t count = sort_find_keys(&sort, buf_str(&record), keys, &texts);
        for (size_t k = 0; k < count; k++)
            buf_printf(&found, STR_FMT "|", STR_ARG(keys[k].ptr == NULL ? STR("NULL") : keys[k]));
        assert_string_equal(found.ptr, rows[i].keys);
        buf_free(&record);
        buf_free(&texts);
        buf_free(&found);
    }
    schema_free(&collection);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_keys_of_a_record_are_its_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
