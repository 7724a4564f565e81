#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "given.h"
#include "model/avro/compatibility.h"

/* Fields and types. */
#define A(type)       "{'name':'a','type':" type "}"
#define B             "{'name':'b','type':'int'}"
#define B_ELSE        "{'name':'b','type':'int','default':0}"
#define R(fields)     "{'type':'record','name':'R','fields':[" fields "]}"
#define NAMED(name)   "{'type':'record'," name ",'fields':[" B "]}"
#define ARRAY(items)  "{'type':'array','items':" items "}"
#define E(symbols)    "{'type':'enum','name':'E','symbols':[" symbols "]}"
#define E_ELSE_X(all) "{'type':'enum','name':'E','symbols':[" all "],'default':'x'}"

/* And what is said of them. */
#define ADDED(field)                                                                               \
    "f: field " field ": was added without a default: records written before it could not be "     \
    "read\n"
#define REMOVED(field)                                                                             \
    "f: field " field ": was removed, and had no default: older programs could not read records "  \
    "without it\n"
#define SYMBOL_ADDED(field, symbol)                                                                \
    "f: field " field ": the symbol '" symbol "' was added, and the enum had no 'default' of its " \
    "own: older programs could not read it\n"
#define SYMBOL_REMOVED(field, symbol)                                                              \
    "f: field " field ": the symbol '" symbol "' was removed, and the enum has no 'default' of "   \
    "its own: records written with it could not be read\n"
#define OTHER(field, was, is)                                                                      \
    "f: field " field ": was " was " and is now " is ": neither could be read as the other\n"
#define LESS(field, was, is)                                                                       \
    "f: field " field ": was " was " and is now " is                                               \
    ": records written before could not all be read\n"
#define MORE(field, was, is)                                                                       \
    "f: field " field ": was " was " and is now " is                                               \
    ": older programs could not read every new record\n"

/* Two lists of fields, and what is said when the first becomes the second, and the second the
 * first: "" where all is well. */
struct row {
    const char *one, *other, *forth, *back;
};

static void assert_said(const struct json *older, const struct json *newer, const char *expected)
{
    struct buf mistakes = {0}, quoted = {0};
    given_text(expected, &quoted);
    buf_append_text(&mistakes, "");
    buf_append_text(&quoted, "");
    bool is_well = compatibility_check("f", older, newer, &mistakes);
    assert_string_equal(mistakes.ptr, quoted.ptr);
    assert_int_equal(is_well, expected[0] == '\0');
    buf_free(&mistakes);
    buf_free(&quoted);
}

static void check_row(const struct row *row)
{
    struct collection *one = given_collection(row->one);
    struct collection *other = given_collection(row->other);
    assert_said(one->event_schema, one->event_schema, "");
    assert_said(other->event_schema, other->event_schema, "");
    assert_said(one->event_schema, other->event_schema, row->forth);
    assert_said(other->event_schema, one->event_schema, row->back);
    schema_free(&one);
    schema_free(&other);
}

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_row(&rows[i]);
}

static void a_field_may_come_or_go_only_where_it_has_a_default(void **state)
{
    static const struct row rows[] = {
        {A("'int'"), A("'int'") "," B_ELSE, "", ""},
        {A("'int'"), A("'int'") "," B, ADDED("b"), REMOVED("b")},
        {A("'int'"), A("'int'") ",{'name':'b','type':['null','int'],'default':null}", "", ""},
        /* That it may be null is no default. */
        {A("'int'"), A("'int'") ",{'name':'b','type':['null','int']}", ADDED("b"), REMOVED("b")},
        {A("'int'"), B_ELSE, REMOVED("a"), ADDED("a")},
    };
    (void)state;
    check_rows(rows, countof(rows));
}

static void the_default_of_a_field_may_come_go_and_change(void **state)
{
    static const struct row rows[] = {
        {B, B_ELSE, "", ""},
        {B_ELSE, "{'name':'b','type':'int','default':7}", "", ""},
    };
    (void)state;
    check_rows(rows, countof(rows));
}

static void rules_that_avro_does_not_know_may_change(void **state)
{
    static const struct row rows[] = {
        {A("'string'"), "{'name':'a','type':'string','maxLength':5,'filter':true,'doc':'d'}", "",
         ""},
        {A("'string'"), A("{'type':'string'}"), "", ""},
        {A(E("'x'")), A("{'type':'enum','name':'E','symbols':['x'],'doc':'d'}"), "", ""},
    };
    (void)state;
    check_rows(rows, countof(rows));
}

static void an_alias_is_no_second_name(void **state)
{
    static const struct row rows[] = {
        {A("'int'"), "{'name':'b','type':'int','aliases':['a']}", ADDED("b") REMOVED("a"),
         ADDED("a") REMOVED("b")},
        {A(NAMED("'name':'R'")), A(NAMED("'name':'S','aliases':['R']")),
         OTHER("a", "record shop.R", "record shop.S"),
         OTHER("a", "record shop.S", "record shop.R")},
    };
    (void)state;
    check_rows(rows, countof(rows));
}

static const struct {
    const char *type, *name;
} types[] = {
    {"'string'", "string"},
    {"'boolean'", "boolean"},
    {"'int'", "int"},
    {"'long'", "long"},
    {"'double'", "double"},
    {"{'type':'int','logicalType':'date'}", "int (date)"},
    {"{'type':'long','logicalType':'timestamp-millis'}", "long (timestamp-millis)"},
    {"{'type':'string','logicalType':'uuid'}", "string (uuid)"},
    {E("'x'"), "enum shop.E"},
    {ARRAY("'int'"), "array"},
    {R(B), "record shop.R"},
};

/* `null` says whether both are unions with null. */
static void check_types(size_t one, size_t other, bool null)
{
    struct buf texts[4] = {{0}};
    const char *opening = null ? "['null'," : "", *closing = null ? "]" : "";
    const char *word = null ? "null or " : "";
    const size_t both[] = {one, other};
    for (size_t i = 0; i < 2; i++) {
        buf_printf(&texts[i], "{'name':'a','type':%s%s%s}", opening, types[both[i]].type, closing);
        if (one != other)
            buf_printf(&texts[2 + i],
                       "f: field a: was %s%s and is now %s%s: neither could be read as the other\n",
                       word, types[both[i]].name, word, types[both[1 - i]].name);
        buf_append_text(&texts[2 + i], "");
    }
    check_row(&(struct row){texts[0].ptr, texts[1].ptr, texts[2].ptr, texts[3].ptr});
    for (size_t i = 0; i < countof(texts); i++)
        buf_free(&texts[i]);
}

static void a_type_neither_becomes_another_nor_is_promoted(void **state)
{
    (void)state;
    for (size_t one = 0; one < countof(types); one++)
        for (size_t other = one; other < countof(types); other++) {
            check_types(one, other, false);
            check_types(one, other, true);
        }
}

static void null_can_be_neither_allowed_nor_forbidden_later(void **state)
{
    static const struct row rows[] = {
        {A("'int'"), A("['null','int']"), MORE("a", "int", "null or int"),
         LESS("a", "null or int", "int")},
        {A("'int'"), "{'name':'a','type':['null','int'],'default':null}",
         MORE("a", "int", "null or int"), LESS("a", "null or int", "int")},
        {A("'int'"), A("['null','long']"), OTHER("a", "int", "null or long"),
         OTHER("a", "null or long", "int")},
        {A(ARRAY("'int'")), A(ARRAY("['int','null']")), MORE("a[]", "int", "int or null"),
         LESS("a[]", "int or null", "int")},
    };
    (void)state;
    check_rows(rows, countof(rows));
}

static void order_does_not_matter(void **state)
{
    static const struct row rows[] = {
        {A("'int'") "," B, B "," A("'int'"), "", ""},
        {A("['null','int']"), A("['int','null']"), "", ""},
        {A(E("'x','y','z'")), A(E("'z','x','y'")), "", ""},
        {A(R(B ",{'name':'c','type':'string'}")), A(R("{'name':'c','type':'string'}," B)), "", ""},
    };
    (void)state;
    check_rows(rows, countof(rows));
}

static void a_symbol_may_come_or_go_where_the_other_enum_has_a_default_of_its_own(void **state)
{
    static const struct row rows[] = {
        {A(E("'x'")), A(E("'x','y'")), SYMBOL_ADDED("a", "y"), SYMBOL_REMOVED("a", "y")},
        {A(E("'x'")), A(E("'x','y','z'")), SYMBOL_ADDED("a", "y") SYMBOL_ADDED("a", "z"),
         SYMBOL_REMOVED("a", "y") SYMBOL_REMOVED("a", "z")},
        {A(E("'x'")), A(E("'y'")), SYMBOL_ADDED("a", "y") SYMBOL_REMOVED("a", "x"),
         SYMBOL_ADDED("a", "x") SYMBOL_REMOVED("a", "y")},
        {A(E_ELSE_X("'x'")), A(E_ELSE_X("'x','y'")), "", ""},
        {A(E_ELSE_X("'x'")), A(E("'x','y'")), "", ""},
        {A(E("'x'")), A(E_ELSE_X("'x','y'")), SYMBOL_ADDED("a", "y"), SYMBOL_REMOVED("a", "y")},
        {A(E("'x','y'")), A(E_ELSE_X("'x','y'")), "", ""},
        {A("['null'," E("'x'") "]"), A("['null'," E("'x','y'") "]"), SYMBOL_ADDED("a", "y"),
         SYMBOL_REMOVED("a", "y")},
        /* The field's default is not the enum's. */
        {"{'name':'a','type':" E("'x'") ",'default':'x'}",
         "{'name':'a','type':" E("'x','y'") ",'default':'x'}", SYMBOL_ADDED("a", "y"),
         SYMBOL_REMOVED("a", "y")},
    };
    (void)state;
    check_rows(rows, countof(rows));
}

static void a_type_with_a_name_keeps_name_and_namespace(void **state)
{
    static const struct row rows[] = {
        {A(NAMED("'name':'R'")), A(NAMED("'name':'R','namespace':'shop'")), "", ""},
        {A(NAMED("'name':'R'")), A(NAMED("'name':'S'")),
         OTHER("a", "record shop.R", "record shop.S"),
         OTHER("a", "record shop.S", "record shop.R")},
        {A(NAMED("'name':'R'")), A(NAMED("'name':'R','namespace':'x.y'")),
         OTHER("a", "record shop.R", "record x.y.R"), OTHER("a", "record x.y.R", "record shop.R")},
        {A(E("'x'")), A("{'type':'enum','name':'F','symbols':['x']}"),
         OTHER("a", "enum shop.E", "enum shop.F"), OTHER("a", "enum shop.F", "enum shop.E")},
        {A(E("'x'")), A("{'type':'enum','name':'E','namespace':'x','symbols':['x']}"),
         OTHER("a", "enum shop.E", "enum x.E"), OTHER("a", "enum x.E", "enum shop.E")},
        /* What stands inside a record has its namespace. */
        {A("{'type':'record','name':'R','namespace':'x','fields':[" A(E("'x'")) "]}"),
         A("{'type':'record','name':'R','namespace':'x','fields':["
           "{'name':'a','type':{'type':'enum','name':'E','namespace':'shop','symbols':['x']}}]}"),
         OTHER("a.a", "enum x.E", "enum shop.E"), OTHER("a.a", "enum shop.E", "enum x.E")},
    };
    (void)state;
    check_rows(rows, countof(rows));
}

static void an_array_is_compared_by_its_items(void **state)
{
    static const struct row rows[] = {
        {A(ARRAY("'int'")), A(ARRAY("{'type':'int'}")), "", ""},
        {A(ARRAY("'int'")), A(ARRAY("'long'")), OTHER("a[]", "int", "long"),
         OTHER("a[]", "long", "int")},
        {A("['null'," ARRAY("'int'") "]"), A("['null'," ARRAY("'long'") "]"),
         OTHER("a[]", "int", "long"), OTHER("a[]", "long", "int")},
        {A(ARRAY(ARRAY("'int'"))), A(ARRAY(ARRAY("'long'"))), OTHER("a[][]", "int", "long"),
         OTHER("a[][]", "long", "int")},
        {A(ARRAY(R(B))), A(ARRAY(R(B "," A("'int'")))), ADDED("a[].a"), REMOVED("a[].a")},
    };
    (void)state;
    check_rows(rows, countof(rows));
}

static void a_record_within_is_compared_by_its_fields(void **state)
{
    static const struct row rows[] = {
        {A(R(B)), A(R(B ",{'name':'c','type':'int','default':1}")), "", ""},
        {A(R(B)), A(R(B "," A("'int'"))), ADDED("a.a"), REMOVED("a.a")},
        {A(R(B)), A(R("{'name':'b','type':'long'}")), OTHER("a.b", "int", "long"),
         OTHER("a.b", "long", "int")},
        {A("['null'," R(B) "]"), A("[" R("{'name':'b','type':'long'}") ",'null']"),
         OTHER("a.b", "int", "long"), OTHER("a.b", "long", "int")},
        {A(R(A(E("'x'")))), A(R(A(E("'x','y'")))), SYMBOL_ADDED("a.a", "y"),
         SYMBOL_REMOVED("a.a", "y")},
    };
    (void)state;
    check_rows(rows, countof(rows));
}

static void a_type_that_is_named_again_is_what_it_was_defined_as(void **state)
{
#define AGAIN(type) ",{'name':'c','type':" type "}"
    static const struct row rows[] = {
        {A(E("'x'")) AGAIN("'E'"), "{'name':'c','type':" E("'x'") "}," A("'E'"), "", ""},
        {A(E("'x'")) AGAIN("'E'"), A(E("'x','y'")) AGAIN("'E'"),
         SYMBOL_ADDED("a", "y") SYMBOL_ADDED("c", "y"),
         SYMBOL_REMOVED("a", "y") SYMBOL_REMOVED("c", "y")},
        {A(E("'x'")) AGAIN("'string'"), A(E("'x'")) AGAIN("['null','E']"),
         OTHER("c", "string", "null or enum shop.E"), OTHER("c", "null or enum shop.E", "string")},
    };
    (void)state;
    check_rows(rows, countof(rows));
#undef AGAIN
}

static void every_broken_rule_is_said(void **state)
{
    static const struct row rows[] = {
        {A(R(B)) ",{'name':'c','type':'int'},{'name':'d','type':'int'}",
         A(R("{'name':'b','type':'string'},{'name':'e','type':'int'}")) ",{'name':'c','type':['"
                                                                        "null','int']}",
         OTHER("a.b", "int", "string") ADDED("a.e") MORE("c", "int", "null or int") REMOVED("d"),
         OTHER("a.b", "string", "int") REMOVED("a.e") LESS("c", "null or int", "int") ADDED("d")},
    };
    (void)state;
    check_rows(rows, countof(rows));
}

/* The event schema of a record Item with one field, for types that a model does not take. */
static struct json *event_of(const char *type)
{
    struct buf text = {0};
    buf_printf(&text,
               "{'type':'record','name':'ItemEvent','namespace':'shop','fields':["
               "{'name':'before','type':['null',{'type':'record','name':'ItemImage',"
               "'fields':[{'name':'a','type':%s}]}]}]}",
               type);
    struct json *event = given_json(text.ptr);
    buf_free(&text);
    return event;
}

/* The rows hold types, not fields. */
static void check_types_of_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct json *one = event_of(rows[i].one), *other = event_of(rows[i].other);
        assert_said(one, other, rows[i].forth);
        assert_said(other, one, rows[i].back);
        json_free(&one);
        json_free(&other);
    }
}

static void a_union_is_compared_branch_by_branch(void **state)
{
    static const struct row rows[] = {
        {"'int'", "['int']", "", ""},
        {"['null','int','string']", "['string','null','int']", "", ""},
        {"['null','int']", "['null','int','string']",
         MORE("a", "null or int", "null or int or string"),
         LESS("a", "null or int or string", "null or int")},
        {"['null','int','string']", "['null','int','long']",
         OTHER("a", "null or int or string", "null or int or long"),
         OTHER("a", "null or int or long", "null or int or string")},
        {"['null'," NAMED("'name':'R'") "," NAMED("'name':'S'") "]",
         "['null'," NAMED("'name':'x.R'") "," NAMED("'name':'shop.S'") "]",
         OTHER("a", "null or record shop.R or record shop.S",
               "null or record x.R or record shop.S"),
         OTHER("a", "null or record x.R or record shop.S",
               "null or record shop.R or record shop.S")},
        {"[" ARRAY("'int'") "," E("'x'") "]", "[" ARRAY("'long'") "," E("'y'") "]",
         OTHER("a[]", "int", "long") SYMBOL_ADDED("a", "y") SYMBOL_REMOVED("a", "x"),
         OTHER("a[]", "long", "int") SYMBOL_ADDED("a", "x") SYMBOL_REMOVED("a", "y")},
    };
    (void)state;
    check_types_of_rows(rows, countof(rows));
}

static void a_name_may_be_written_with_its_namespace_or_without(void **state)
{
#define TWICE(again) R(A(E("'x'")) ",{'name':'c','type':" again "}")
    static const struct row rows[] = {
        {TWICE("'E'"), TWICE("'shop.E'"), "", ""},
        {TWICE("'E'"), TWICE("['null','shop.E']"),
         MORE("a.c", "enum shop.E", "null or enum shop.E"),
         LESS("a.c", "null or enum shop.E", "enum shop.E")},
    };
    (void)state;
    check_types_of_rows(rows, countof(rows));
#undef TWICE
}

static void an_enums_default_must_be_one_of_its_symbols(void **state)
{
    (void)state;
    struct json *one = event_of(E_ELSE_X("'y'")), *other = event_of(E_ELSE_X("'y','z'"));
    assert_said(one, other, SYMBOL_ADDED("a", "z"));
    assert_said(other, one, SYMBOL_REMOVED("a", "z"));
    json_free(&one);
    json_free(&other);
}

static void a_collections_record_keeps_its_name(void **state)
{
    static const char *const names[] = {"Item", "Thing"};
    struct collection *collections[2];
    struct buf mistakes = {0};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct buf text = {0}, quoted = {0};
        buf_printf(&text, "{'type':'record','name':'%s','fields':[" B "]}", names[i]);
        given_text(text.ptr, &quoted);
        collections[i] = schema_load("f", STR("shop"), STR("items"), buf_str(&quoted), &mistakes);
        assert_non_null(collections[i]);
        buf_free(&text);
        buf_free(&quoted);
    }
    assert_said(collections[0]->event_schema, collections[1]->event_schema,
                "f: the record was called shop.Item and is now called shop.Thing: neither could be "
                "read as the other\n");
    for (size_t i = 0; i < 2; i++)
        schema_free(&collections[i]);
}

/* What every record has besides its fields is the program's, and may change with it. */
static void the_parts_of_every_image_are_compared_as_well(void **state)
{
    (void)state;
    struct collection *collection = given_collection(A("'int'"));
    struct json *event = event_of("'int'");
    assert_said(event, collection->event_schema,
                ADDED("id") ADDED("version") ADDED("created_at") ADDED("updated_at")
                    ADDED("created_by") ADDED("updated_by"));
    json_free(&event);
    schema_free(&collection);
}

static void what_is_no_schema_of_events_is_refused(void **state)
{
    static const char *const rows[] = {
        "5",
        "'string'",
        "[]",
        "{}",
        R(B),
        "{'type':'record','name':'E','fields':[{'name':'before'}]}",
        "{'type':'record','name':'E','fields':[{'name':'before','type':['null','R']}]}",
        "{'type':'record','name':'E','fields':{'before':1}}",
    };
    (void)state;
    struct json *event = event_of("'int'");
    for (size_t i = 0; i < countof(rows); i++) {
        struct json *odd = given_json(rows[i]);
        assert_said(odd, event, "f: the older schema is none of events\n");
        assert_said(event, odd, "f: the newer schema is none of events\n");
        json_free(&odd);
    }
    json_free(&event);
}

/* Each record has the one before it as its field: 40 levels in a text of a few. */
static void what_nests_deeper_than_any_record_is_refused(void **state)
{
    struct buf type = {0}, expected = {0};
    (void)state;
    buf_append_text(&type, "{'type':'record','name':'All','fields':[");
    buf_append_text(&type, "{'name':'f0','type':" NAMED("'name':'R0'") "}");
    for (int i = 1; i < 32; i++)
        buf_printf(&type,
                   ",{'name':'f%d','type':{'type':'record','name':'R%d','fields':["
                   "{'name':'x','type':'R%d'}]}}",
                   i, i, i - 1);
    buf_append_text(&type, "]}");
    struct json *event = event_of(type.ptr);
    buf_append_text(&expected, "f: field a.f30");
    for (int i = 0; i < 30; i++)
        buf_append_text(&expected, ".x");
    buf_append_text(&expected, ".b: is nested deeper than 32 levels\n");
    buf_append_text(&expected, "f: field a.f31");
    for (int i = 0; i < 30; i++)
        buf_append_text(&expected, ".x");
    buf_append_text(&expected, ".x: is nested deeper than 32 levels\n");
    assert_said(event, event, expected.ptr);
    json_free(&event);
    buf_free(&type);
    buf_free(&expected);
}

static void lines_are_appended_to_what_was_said_before(void **state)
{
    (void)state;
    struct buf mistakes = {0};
    struct json *one = event_of("'int'"), *other = event_of("'long'");
    buf_append_text(&mistakes, "kept\n");
    assert_true(compatibility_check("f", one, one, &mistakes));
    assert_string_equal(mistakes.ptr, "kept\n");
    assert_false(compatibility_check("f", one, other, &mistakes));
    assert_string_equal(mistakes.ptr, "kept\n" OTHER("a", "int", "long"));
    json_free(&one);
    json_free(&other);
    buf_free(&mistakes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_field_may_come_or_go_only_where_it_has_a_default),
        cmocka_unit_test(the_default_of_a_field_may_come_go_and_change),
        cmocka_unit_test(rules_that_avro_does_not_know_may_change),
        cmocka_unit_test(an_alias_is_no_second_name),
        cmocka_unit_test(a_type_neither_becomes_another_nor_is_promoted),
        cmocka_unit_test(null_can_be_neither_allowed_nor_forbidden_later),
        cmocka_unit_test(order_does_not_matter),
        cmocka_unit_test(a_symbol_may_come_or_go_where_the_other_enum_has_a_default_of_its_own),
        cmocka_unit_test(a_type_with_a_name_keeps_name_and_namespace),
        cmocka_unit_test(an_array_is_compared_by_its_items),
        cmocka_unit_test(a_record_within_is_compared_by_its_fields),
        cmocka_unit_test(a_type_that_is_named_again_is_what_it_was_defined_as),
        cmocka_unit_test(every_broken_rule_is_said),
        cmocka_unit_test(a_union_is_compared_branch_by_branch),
        cmocka_unit_test(a_name_may_be_written_with_its_namespace_or_without),
        cmocka_unit_test(an_enums_default_must_be_one_of_its_symbols),
        cmocka_unit_test(a_collections_record_keeps_its_name),
        cmocka_unit_test(the_parts_of_every_image_are_compared_as_well),
        cmocka_unit_test(what_is_no_schema_of_events_is_refused),
        cmocka_unit_test(what_nests_deeper_than_any_record_is_refused),
        cmocka_unit_test(lines_are_appended_to_what_was_said_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
