#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "given.h"
#include "model/validate.h"

static const char uuid[] = "018f3e7c-0000-7000-8000-00000000000a";

static struct collection *collection_of_type(const char *type, const char *rules)
{
    struct buf field = {0};
    buf_printf(&field, "{'name':'a','type':%s%s}", type, rules);
    struct collection *collection = given_collection(field.ptr);
    buf_free(&field);
    return collection;
}

static void assert_taken(const struct collection *collection, const char *body,
                         const char *expected)
{
    struct problem problem = {0};
    struct json *given = given_json(body);
    struct json *taken = json_make_object();
    if (!validate_document(collection, NULL, given, taken, &problem))
        fail_msg("%s was refused: %s", body, problem.mistakes.ptr);
    assert_false(problem_is_set(&problem));
    assert_json(taken, expected);
    json_free(&taken);
    json_free(&given);
}

/* Refused with exactly these mistakes, as a JSON array's items. */
static void assert_refused(const struct collection *collection, const char *body,
                           const char *mistakes)
{
    struct problem problem = {0};
    struct buf expected = {0};
    struct json *given = given_json(body);
    struct json *taken = json_make_object();
    if (validate_document(collection, NULL, given, taken, &problem))
        fail_msg("%s was taken", body);
    assert_int_equal(problem.status, STATUS_INVALID);
    given_text(mistakes, &expected);
    assert_string_equal(problem.mistakes.ptr, expected.ptr);
    buf_free(&expected);
    problem_free(&problem);
    json_free(&taken);
    json_free(&given);
}

static void a_value_of_its_type_is_taken_in_one_writing(void **state)
{
    static const char *const rows[][3] = {
        {"'string'", "''", "''"},
        {"'string'", "'Gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80'",
         "'Gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80'"},
        {"'boolean'", "false", "false"},
        {"'int'", "-2147483648", "-2147483648"},
        {"'int'", "2147483647", "2147483647"},
        {"'long'", "-9223372036854775808", "-9223372036854775808"},
        {"'double'", "-0.25", "-0.25"},
        {"'double'", "7", "7.0"},
        {"['null','int']", "null", "null"},
        {"['string','null']", "null", "null"},
        {"['string','null']", "'null'", "'null'"},
        {"{'type':'enum','name':'E','symbols':['x','y']}", "'y'", "'y'"},
        {"{'type':'int','logicalType':'date'}", "'2024-02-29'", "'2024-02-29'"},
        {"{'type':'long','logicalType':'timestamp-millis'}", "'1969-12-31T19:00:00.1239-05:00'",
         "'1970-01-01T00:00:00.123Z'"},
        {"{'type':'string','logicalType':'uuid'}", "'018F3E7C-0000-7000-8000-00000000000A'",
         "'018f3e7c-0000-7000-8000-00000000000a'"},
        {"{'type':'array','items':'int'}", "[]", "[]"},
        {"{'type':'array','items':['null','double']}", "[1,null,0.5]", "[1.0,null,0.5]"},
        {"{'type':'record','name':'R','fields':[{'name':'x','type':'int'},{'name':'y',"
         "'type':'int','default':2}]}",
         "{'x':1}", "{'x':1,'y':2}"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct collection *collection = collection_of_type(rows[i][0], "");
        struct buf body = {0}, expected = {0};
        buf_printf(&body, "{'a':%s}", rows[i][1]);
        buf_printf(&expected, "{'a':%s}", rows[i][2]);
        assert_taken(collection, body.ptr, expected.ptr);
        buf_free(&body);
        buf_free(&expected);
        schema_free(&collection);
    }
}

static void assert_value_refused(const char *type, const char *rules, const char *value,
                                 const char *detail)
{
    struct collection *collection = collection_of_type(type, rules);
    struct buf body = {0}, mistake = {0};
    buf_printf(&body, "{'a':%s}", value);
    buf_printf(&mistake, "{'pointer':'/a','detail':'%s'}", detail);
    assert_refused(collection, body.ptr, mistake.ptr);
    buf_free(&body);
    buf_free(&mistake);
    schema_free(&collection);
}

static void a_value_of_another_type_is_refused_with_what_is_wanted(void **state)
{
    static const struct {
        const char *type, *detail;
        const char *values[6];
    } rows[] = {
        {"'string'", "must be a string", {"null", "5", "true", "[]", "{}"}},
        {"'boolean'", "must be true or false", {"null", "0", "'true'", "[true]"}},
        {"'int'",
         "must be a whole number of 32 bits",
         {"null", "'1'", "1.0", "2147483648", "-2147483649", "true"}},
        {"'long'", "must be a whole number", {"null", "'1'", "1e3", "0.5", "false"}},
        {"'double'", "must be a number", {"null", "'0.5'", "true", "[]"}},
        {"['null','int']", "must be a whole number of 32 bits", {"'null'", "false"}},
        {"{'type':'enum','name':'E','symbols':['x','y']}",
         "must be one of x, y",
         {"null", "'X'", "''", "'x '", "0", "['x']"}},
        {"{'type':'int','logicalType':'date'}",
         "must be a date like 2026-11-21",
         {"20000", "'2023-02-29'", "'2024-1-1'", "'2024-01-01T00:00:00Z'", "''", "null"}},
        {"{'type':'long','logicalType':'timestamp-millis'}",
         "must be an instant like 2026-11-21T08:15:30Z (RFC 3339)",
         {"0", "'2024-01-01'", "'2024-01-01T00:00:00'", "'2024-01-01 00:00:00Z'", "null"}},
        {"{'type':'string','logicalType':'uuid'}",
         "must be a UUID",
         {"''", "'018f3e7c'", "'018f3e7c-0000-7000-8000-00000000000g'", "5", "null"}},
        {"{'type':'array','items':'int'}", "must be an array", {"null", "1", "{}", "'[]'"}},
        {"{'type':'record','name':'R','fields':[]}", "must be an object", {"null", "[]", "''"}},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        for (size_t v = 0; v < countof(rows[i].values) && rows[i].values[v] != NULL; v++)
            assert_value_refused(rows[i].type, "", rows[i].values[v], rows[i].detail);
}

static void a_value_against_a_rule_is_refused_with_the_rule(void **state)
{
    static const struct {
        const char *type, *rules, *value, *detail;
    } rows[] = {
        {"'string'", ",'minLength':1", "''", "must have at least 1 character"},
        {"'string'", ",'minLength':3", "'\xc3\xbc\xc3\xbc'", "must have at least 3 characters"},
        {"'string'", ",'maxLength':2", "'abc'", "must have at most 2 characters"},
        {"'string'", ",'pattern':'^[a-z]+$'", "'aB'", "does not match the field`s pattern"},
        {"'string'", ",'format':'email'", "'ann'", "must be an e-mail address"},
        {"'int'", ",'minimum':0,'maximum':10", "-1", "must be from 0 to 10"},
        {"'int'", ",'minimum':0,'maximum':10", "11", "must be from 0 to 10"},
        {"'double'", ",'minimum':0.5,'maximum':1", "0.25", "must be from 0.5 to 1"},
        {"['null','int']", ",'minimum':1,'maximum':2", "3", "must be from 1 to 2"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_value_refused(rows[i].type, rows[i].rules, rows[i].value, rows[i].detail);
}

static void a_bound_that_is_open_or_large_is_said_as_people_write_it(void **state)
{
    static const char *const rows[][3] = {
        {",'minimum':0", "-1", "inf"},
        {",'maximum':10", "11", "inf"},
        {",'minimum':0,'maximum':2000000001", "2000000002", "e+09"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct collection *collection = collection_of_type("'long'", rows[i][0]);
        struct problem problem = {0};
        struct json *body = json_make_object(), *taken = json_make_object();
        json_put(body, "a", given_json(rows[i][1]));
        assert_false(validate_document(collection, NULL, body, taken, &problem));
        if (strstr(problem.mistakes.ptr, rows[i][2]) != NULL)
            fail_msg("\"%s\" says %s", rows[i][2], problem.mistakes.ptr);
        problem_free(&problem);
        json_free(&taken);
        json_free(&body);
        schema_free(&collection);
    }
}

static void a_value_at_the_edge_of_its_rule_is_taken(void **state)
{
    static const char *const rows[][3] = {
        {"'string'", ",'minLength':2,'maxLength':2", "{'a':'\xc3\xbc\xf0\x9f\x98\x80'}"},
        {"'int'", ",'minimum':0,'maximum':10", "{'a':0}"},
        {"'int'", ",'minimum':0,'maximum':10", "{'a':10}"},
        {"['null','string']", ",'minLength':2", "{'a':null}"},
        {"'string'", ",'pattern':'b'", "{'a':'abc'}"},
        {"'string'", ",'format':'email'", "{'a':'a@b.c'}"},
        {"'string'", ",'format':'email'", "{'a':'ann.b+x@mail.example.org'}"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct collection *collection = collection_of_type(rows[i][0], rows[i][1]);
        assert_taken(collection, rows[i][2], rows[i][2]);
        schema_free(&collection);
    }
}

static void what_is_no_email_address_is_refused(void **state)
{
    static const char *const rows[] = {
        "",        "a",       "@b.c",    "a@",      "a@b",    "a@.b",    "a@b.",          "a@b@c.d",
        "a b@c.d", "a@b c.d", "a,b@c.d", "<a@b.c>", "a@b.c>", "(a)@b.c", "a@[127.0.0.1]", "a@b..",
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct buf value = {0};
        buf_printf(&value, "'%s'", rows[i]);
        assert_value_refused("'string'", ",'format':'email'", value.ptr,
                             "must be an e-mail address");
        buf_free(&value);
    }
}

static const char deep[] =
    "{'name':'n','type':'int'},{'name':'s','type':'string','default':'','minLength':0},"
    "{'name':'list','default':[],'type':{'type':'array','items':{'type':'record','name':'P',"
    "'fields':[{'name':'x','type':'int'},{'name':'when','type':['null',{'type':'int',"
    "'logicalType':'date'}],'default':null}]}}}";

static void every_mistake_is_reported_with_its_place(void **state)
{
    static const char *const rows[][2] = {
        {"[]", "{'pointer':'','detail':'must be an object'}"},
        {"{}", "{'pointer':'/n','detail':'is required'}"},
        {"{'n':1,'a/b~c':2}",
         "{'pointer':'/a~1b~0c','detail':'is not a field of this collection'}"},
        {"{'n':1,'':2}", "{'pointer':'/','detail':'is not a field of this collection'}"},
        {"{'n':1,'id':2}", "{'pointer':'/id','detail':'is not a field of this collection'}"},
        {"{'n':'x','s':5}", "{'pointer':'/n','detail':'must be a whole number of 32 bits'},"
                            "{'pointer':'/s','detail':'must be a string'}"},
        {"{'n':1,'list':[{'x':1},{'x':'1','when':'soon'},3]}",
         "{'pointer':'/list/1/x','detail':'must be a whole number of 32 bits'},"
         "{'pointer':'/list/1/when','detail':'must be a date like 2026-11-21'},"
         "{'pointer':'/list/2','detail':'must be an object'}"},
        {"{'n':1,'list':[{'y':1}]}",
         "{'pointer':'/list/0/x','detail':'is required'},"
         "{'pointer':'/list/0/y','detail':'is not a field of this collection'}"},
    };
    (void)state;
    struct collection *collection = given_collection(deep);
    for (size_t i = 0; i < countof(rows); i++)
        assert_refused(collection, rows[i][0], rows[i][1]);
    schema_free(&collection);
}

static void fields_come_out_in_the_schemas_order_with_defaults(void **state)
{
    (void)state;
    struct collection *collection = given_collection(deep);
    assert_taken(collection, "{'n':1}", "{'n':1,'s':'','list':[]}");
    assert_taken(collection, "{'list':[{'x':2}],'s':'t','n':1}",
                 "{'n':1,'s':'t','list':[{'x':2,'when':null}]}");
    schema_free(&collection);
}

static void a_default_comes_out_in_the_writing_of_a_given_value(void **state)
{
    static const char *const rows[][3] = {
        {"'double'", ",'default':2", "{'a':2.0}"},
        {"{'type':'string','logicalType':'uuid'}",
         ",'default':'018F3E7C-0000-7000-8000-00000000000A'",
         "{'a':'018f3e7c-0000-7000-8000-00000000000a'}"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct collection *collection = collection_of_type(rows[i][0], rows[i][1]);
        assert_taken(collection, "{}", rows[i][2]);
        schema_free(&collection);
    }
}

static void text_of_a_query_is_written_as_the_database_compares_it(void **state)
{
    static const char *const rows[][3] = {
        {"'string'", "", ""},
        {"'string'", "a b", "a b"},
        {"'boolean'", "true", "true"},
        {"'boolean'", "false", "false"},
        {"'int'", "-2147483648", "-2147483648"},
        {"'long'", "9223372036854775807", "9223372036854775807"},
        {"'double'", "1.5e3", "1.5e3"},
        {"'double'", "-.5", "-.5"},
        {"['null','int']", "7", "7"},
        {"{'type':'enum','name':'E','symbols':['x','y']}", "y", "y"},
        {"{'type':'int','logicalType':'date'}", "2024-02-29", "2024-02-29"},
        {"{'type':'long','logicalType':'timestamp-millis'}", "2024-01-01T01:00:00+01:00",
         "2024-01-01T00:00:00.000Z"},
        {"{'type':'string','logicalType':'uuid'}", "018F3E7C-0000-7000-8000-00000000000A", uuid},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct collection *collection = collection_of_type(rows[i][0], "");
        struct buf out = {0};
        const char *wanted;
        if (!validate_text(&collection->fields[0], str_from(rows[i][1]), &out, &wanted))
            fail_msg("%s %s", rows[i][1], wanted);
        buf_append_text(&out, "");
        assert_string_equal(out.ptr, rows[i][2]);
        buf_free(&out);
        schema_free(&collection);
    }
}

static void assert_text_refused(const char *type, const char *text)
{
    struct collection *collection = collection_of_type(type, "");
    struct buf out = {0};
    const char *wanted = NULL;
    if (validate_text(&collection->fields[0], str_from(text), &out, &wanted))
        fail_msg("%s was taken for %s", text, type);
    assert_non_null(wanted);
    assert_int_equal(out.len, 0);
    buf_free(&out);
    schema_free(&collection);
}

static void text_of_a_query_that_is_of_another_type_is_refused(void **state)
{
    static const char *const rows[][2] = {
        {"'boolean'", ""},
        {"'boolean'", "1"},
        {"'boolean'", "True"},
        {"'int'", ""},
        {"'int'", "2147483648"},
        {"'int'", "1.0"},
        {"'int'", "+1"},
        {"'int'", " 1"},
        {"'long'", "9223372036854775808"},
        {"'double'", ""},
        {"'double'", "."},
        {"'double'", "1e400"},
        {"'double'", "nan"},
        {"'double'", "-inf"},
        {"'double'", "1,5"},
        {"'double'", "1 "},
        {"'double'", "--1"},
        {"{'type':'enum','name':'E','symbols':['x']}", "z"},
        {"{'type':'int','logicalType':'date'}", "2023-02-29"},
        {"{'type':'long','logicalType':'timestamp-millis'}", "2024-01-01"},
        {"{'type':'string','logicalType':'uuid'}", "1"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_text_refused(rows[i][0], rows[i][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_of_its_type_is_taken_in_one_writing),
        cmocka_unit_test(a_value_of_another_type_is_refused_with_what_is_wanted),
        cmocka_unit_test(a_value_against_a_rule_is_refused_with_the_rule),
        cmocka_unit_test(a_bound_that_is_open_or_large_is_said_as_people_write_it),
        cmocka_unit_test(a_value_at_the_edge_of_its_rule_is_taken),
        cmocka_unit_test(what_is_no_email_address_is_refused),
        cmocka_unit_test(every_mistake_is_reported_with_its_place),
        cmocka_unit_test(fields_come_out_in_the_schemas_order_with_defaults),
        cmocka_unit_test(a_default_comes_out_in_the_writing_of_a_given_value),
        cmocka_unit_test(text_of_a_query_is_written_as_the_database_compares_it),
        cmocka_unit_test(text_of_a_query_that_is_of_another_type_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
