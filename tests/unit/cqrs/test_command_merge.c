#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "cqrs/write/command.h"
#include "unit/model/given.h"

/* Target, patch, result: the whole of RFC 7396's appendix A, then what it leaves out. */
static const char *const rows[][3] = {
    {"{'a':'b'}", "{'a':'c'}", "{'a':'c'}"},
    {"{'a':'b'}", "{'b':'c'}", "{'a':'b','b':'c'}"},
    {"{'a':'b'}", "{'a':null}", "{}"},
    {"{'a':'b','b':'c'}", "{'a':null}", "{'b':'c'}"},
    {"{'a':['b']}", "{'a':'c'}", "{'a':'c'}"},
    {"{'a':'c'}", "{'a':['b']}", "{'a':['b']}"},
    {"{'a':{'b':'c'}}", "{'a':{'b':'d','c':null}}", "{'a':{'b':'d'}}"},
    {"{'a':[{'b':'c'}]}", "{'a':[1]}", "{'a':[1]}"},
    {"['a','b']", "['c','d']", "['c','d']"},
    {"{'a':'b'}", "['c']", "['c']"},
    {"{'a':'foo'}", "null", "null"},
    {"{'a':'foo'}", "'bar'", "'bar'"},
    {"{'e':null}", "{'a':1}", "{'e':null,'a':1}"},
    {"[1,2]", "{'a':'b','c':null}", "{'a':'b'}"},
    {"{}", "{'a':{'bb':{'ccc':null}}}", "{'a':{'bb':{}}}"},
    {"{'a':1}", "{}", "{'a':1}"},
    {"{'a':{'b':{'c':1,'d':2}}}", "{'a':{'b':{'c':null}}}", "{'a':{'b':{'d':2}}}"},
    {"{'a':{'b':1}}", "{'a':null}", "{}"},
    {"{'a':{'b':1}}", "{'a':5}", "{'a':5}"},
    {"{'a':5}", "{'a':{'b':null,'c':1}}", "{'a':{'c':1}}"},
    {"{'a':[1,null]}", "{'b':[null]}", "{'a':[1,null],'b':[null]}"},
    {"{'a':[1,{'b':2}]}", "{'a':[{'c':null}]}", "{'a':[{'c':null}]}"},
    {"null", "{'a':1}", "{'a':1}"},
    {"'text'", "{}", "{}"},
    {"{}", "{'a':{}}", "{'a':{}}"},
    {"{'a':null}", "{'a':null}", "{}"},
};

static void a_patch_is_merged_as_rfc_7396_has_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct json *target = given_json(rows[i][0]), *patch = given_json(rows[i][1]);
        struct json *wanted = given_json(rows[i][2]), *merged = command_merge(target, patch);
        if (!json_same(merged, wanted))
            fail_msg("%s with %s is not %s", rows[i][0], rows[i][1], rows[i][2]);
        json_free(&merged);
        json_free(&wanted);
        assert_json(target, rows[i][0]);
        assert_json(patch, rows[i][1]);
        json_free(&target);
        json_free(&patch);
    }
}

static void a_patch_of_nothing_is_what_it_adds(void **state)
{
    (void)state;
    struct json *patch = given_json("{'a':null,'b':{'c':null,'d':1}}");
    struct json *merged = command_merge(NULL, patch);
    assert_json(merged, "{'b':{'d':1}}");
    json_free(&merged);
    json_free(&patch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_patch_is_merged_as_rfc_7396_has_it),
        cmocka_unit_test(a_patch_of_nothing_is_what_it_adds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
