#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "given.h"
#include "model/avro/expand.h"

#define ENUM_E "{'type':'enum','name':'E','symbols':['x']}"

static void assert_expands(const char *schema, const char *expected)
{
    struct json *given = given_json(schema);
    struct json *expanded = expand_names(given);
    assert_json(expanded, expected);
    assert_json(given, schema);
    json_free(&expanded);
    json_free(&given);
}

static void a_name_defined_before_becomes_its_definition(void **state)
{
    static const char *const rows[][2] = {
        {"[" ENUM_E ",'E']", "[" ENUM_E "," ENUM_E "]"},
        {"[" ENUM_E ",['null','E']]", "[" ENUM_E ",['null'," ENUM_E "]]"},
        {"[" ENUM_E ",{'type':'array','items':'E'}]",
         "[" ENUM_E ",{'type':'array','items':" ENUM_E "}]"},
        {"[{'type':'array','items':" ENUM_E "},'E']",
         "[{'type':'array','items':" ENUM_E "}," ENUM_E "]"},
        {"{'type':'record','name':'R','fields':[{'name':'a','type':" ENUM_E ",'doc':'E'},"
         "{'name':'b','type':['null','E'],'default':'E'}]}",
         "{'type':'record','name':'R','fields':[{'name':'a','type':" ENUM_E ",'doc':'E'},"
         "{'name':'b','type':['null'," ENUM_E "],'default':'E'}]}"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_expands(rows[i][0], rows[i][1]);
}

static void a_name_is_found_with_and_without_its_namespace(void **state)
{
#define IN_R(fields) "{'type':'record','name':'R','namespace':'n','fields':[" fields "]}"
    static const char *const rows[][2] = {
        {IN_R("{'name':'a','type':" ENUM_E "},{'name':'b','type':'E'}"),
         IN_R("{'name':'a','type':" ENUM_E "},{'name':'b','type':" ENUM_E "}")},
        {IN_R("{'name':'a','type':" ENUM_E "},{'name':'b','type':'n.E'}"),
         IN_R("{'name':'a','type':" ENUM_E "},{'name':'b','type':" ENUM_E "}")},
        {"[" IN_R("") ",'n.R']", "[" IN_R("") "," IN_R("") "]"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_expands(rows[i][0], rows[i][1]);
#undef IN_R
}

static void what_stands_for_no_earlier_type_stays(void **state)
{
    static const char *const rows[] = {
        "'int'",
        "5",
        "'Unknown'",
        "['E'," ENUM_E "]",
        "[" ENUM_E ",'m.E','e','EE']",
        "{'type':'record','name':'R','fields':[{'name':'E','type':'int'}]}",
        "{'type':'record','name':'R','fields':[{'name':'next','type':['null','R']}]}",
        "{'type':'record','name':'R','fields':'odd'}",
        "{'type':'record','name':'R','fields':[5,null]}",
        "{'items':5}",
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_expands(rows[i], rows[i]);
}

static void a_definition_holds_what_it_named_itself(void **state)
{
    (void)state;
#define RECORD_R(type) "{'type':'record','name':'R','fields':[{'name':'e','type':" type "}]}"
    assert_expands("[" ENUM_E "," RECORD_R("'E'") ",'R']",
                   "[" ENUM_E "," RECORD_R(ENUM_E) "," RECORD_R(ENUM_E) "]");
#undef RECORD_R
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_defined_before_becomes_its_definition),
        cmocka_unit_test(a_name_is_found_with_and_without_its_namespace),
        cmocka_unit_test(what_stands_for_no_earlier_type_stays),
        cmocka_unit_test(a_definition_holds_what_it_named_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
