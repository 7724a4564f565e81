#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "given.h"
#include "model/avro/avro.h"
#include "model/schema.h"

/* libavro loses some memory whenever it refuses a schema, after which the program ends. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libavro";
}

static struct collection *load(const char *text, struct buf *mistakes)
{
    struct buf quoted = {0};
    given_text(text, &quoted);
    struct collection *collection =
        schema_load("m/shop/items.avsc", STR("shop"), STR("items"), buf_str(&quoted), mistakes);
    buf_free(&quoted);
    return collection;
}

static void assert_says(struct collection *collection, struct buf *mistakes, const char *wanted,
                        const char *text)
{
    if (collection != NULL)
        fail_msg("%s was taken", text);
    assert_non_null(mistakes->ptr);
    if (strstr(mistakes->ptr, wanted) == NULL)
        fail_msg("%s: \"%s\" is not in \"%s\"", text, wanted, mistakes->ptr);
    buf_free(mistakes);
}

static void assert_file_says(const char *text, const char *wanted)
{
    struct buf mistakes = {0};
    assert_says(load(text, &mistakes), &mistakes, wanted, text);
}

static void assert_fields_say(const char *fields, const char *wanted)
{
    struct buf mistakes = {0};
    assert_says(given_fields(fields, &mistakes), &mistakes, wanted, fields);
}

static void names_come_from_the_folder_the_file_and_the_record(void **state)
{
    (void)state;
    struct buf mistakes = {0};
    struct collection *collection =
        load("{'type':'record','name':'LineItem','namespace':'shop','collection':'items',"
             "'pageSize':25,'fields':[{'name':'a','type':'int'},{'name':'b_2','type':'string'}]}",
             &mistakes);
    assert_non_null(collection);
    assert_string_equal(collection->service, "shop");
    assert_string_equal(collection->name, "items");
    assert_string_equal(collection->entity, "lineitem");
    assert_string_equal(collection->table, "\"shop\".\"items\"");
    assert_int_equal(collection->page_size, 25);
    assert_int_equal(collection->field_count, 2);
    assert_string_equal(collection->fields[1].name, "b_2");
    assert_non_null(collection->event_codec);
    schema_free(&collection);
    assert_null(collection);
    schema_free(&collection);
}

static void a_page_holds_ten_unless_it_says_otherwise(void **state)
{
    (void)state;
    struct collection *collection = given_collection("{'name':'a','type':'int'}");
    assert_int_equal(collection->page_size, 10);
    schema_free(&collection);
}

static void every_type_has_its_shape_with_and_without_null(void **state)
{
    static const struct {
        const char *avro;
        enum field_type type;
    } rows[] = {
        {"'string'", FIELD_TYPE_STRING},
        {"{'type':'string'}", FIELD_TYPE_STRING},
        {"'boolean'", FIELD_TYPE_BOOLEAN},
        {"'int'", FIELD_TYPE_INT},
        {"'long'", FIELD_TYPE_LONG},
        {"'double'", FIELD_TYPE_DOUBLE},
        {"{'type':'enum','name':'E','symbols':['x']}", FIELD_TYPE_ENUM},
        {"{'type':'int','logicalType':'date'}", FIELD_TYPE_DATE},
        {"{'type':'long','logicalType':'timestamp-millis'}", FIELD_TYPE_TIMESTAMP},
        {"{'type':'string','logicalType':'uuid'}", FIELD_TYPE_UUID},
        {"{'type':'array','items':'int'}", FIELD_TYPE_ARRAY},
        {"{'type':'record','name':'R','fields':[]}", FIELD_TYPE_RECORD},
    };
    static const char *const unions[] = {"%s", "['null',%s]", "[%s,'null']"};
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        for (size_t u = 0; u < countof(unions); u++) {
            const char *gap = strchr(unions[u], '%');
            struct buf text = {0};
            buf_append(&text, unions[u], (size_t)(gap - unions[u]));
            buf_append_text(&text, rows[i].avro);
            buf_append_text(&text, gap + 2);
            struct json *avro = given_json(text.ptr);
            struct field_shape shape;
            assert_true(schema_shape(avro, &shape));
            assert_int_equal(shape.type, rows[i].type);
            assert_int_equal(shape.is_nullable, u > 0);
            assert_json(shape.avro, rows[i].avro);
            json_free(&avro);
            buf_free(&text);
        }
}

static const char *const untaken[] = {
    "'float'",
    "'bytes'",
    "'null'",
    "'Unknown'",
    "''",
    "5",
    "{}",
    "[]",
    "['null']",
    "['int','string']",
    "['null','int','string']",
    "['null',['null','int']]",
    "['null','null']",
    "{'type':'map','values':'int'}",
    "{'type':'fixed','name':'F','size':4}",
    "{'type':'int','logicalType':'time-millis'}",
    "{'type':'long','logicalType':'timestamp-micros'}",
    "{'type':'string','logicalType':'date'}",
    "{'type':'bytes','logicalType':'decimal','precision':4}",
};

static void a_type_that_we_do_not_take_is_refused(void **state)
{
    (void)state;
    assert_fields_say("{'name':'a'}", "field a: type must be");
    for (size_t i = 0; i < countof(untaken); i++) {
        struct buf field = {0};
        buf_printf(&field, "{'name':'a','type':%s}", untaken[i]);
        assert_fields_say(field.ptr, "field a: type must be");
        buf_free(&field);
    }
}

static void a_type_that_we_do_not_take_is_refused_within_arrays_and_records(void **state)
{
    static const char *const forms[] = {
        "{'name':'a','type':{'type':'array','items':",
        "}}",
        "{'name':'a','type':{'type':'record','name':'R','fields':[{'name':'b','type':",
        "}]}}",
    };
    (void)state;
    for (size_t f = 0; f < countof(forms); f += 2)
        for (size_t i = 0; i < countof(untaken); i++) {
            struct buf field = {0};
            buf_printf(&field, "%s%s%s", forms[f], untaken[i], forms[f + 1]);
            assert_fields_say(field.ptr, "f: ");
            buf_free(&field);
        }
}

static void rules_are_read(void **state)
{
    (void)state;
    struct collection *collection = given_collection(
        "{'name':'s','type':'string','minLength':2,'maxLength':80,'pattern':'^a+$',"
        "'format':'email','unique':true,'filter':true,'words':[1,6]},"
        "{'name':'n','type':'double','minimum':-1.5,'maximum':9,'default':2}");
    const struct field *text = schema_find_field(collection, STR("s"));
    const struct field *number = schema_find_field(collection, STR("n"));
    assert_null(schema_find_field(collection, STR("S")));
    assert_int_equal(text->min_length, 2);
    assert_int_equal(text->max_length, 80);
    assert_true(text->is_email && text->is_unique && text->is_filter);
    assert_int_equal(regexec(text->pattern, "aaa", 0, NULL, 0), 0);
    assert_int_not_equal(regexec(text->pattern, "ab", 0, NULL, 0), 0);
    assert_int_equal(text->words_least, 1);
    assert_int_equal(text->words_most, 6);
    assert_null(text->otherwise);
    assert_true(number->minimum == -1.5 && number->maximum == 9);
    assert_json(number->otherwise, "2");
    schema_free(&collection);
}

static void a_field_without_rules_takes_any_value(void **state)
{
    (void)state;
    struct collection *collection = given_collection("{'name':'s','type':'string'}");
    const struct field *field = &collection->fields[0];
    assert_int_equal(field->min_length, 0);
    assert_int_equal(field->max_length, INT64_MAX);
    assert_true(field->minimum == -__builtin_inf() && field->maximum == __builtin_inf());
    assert_true(field->pattern == NULL && field->words_most == 0 && field->otherwise == NULL);
    assert_false(field->is_email || field->is_unique || field->is_filter);
    schema_free(&collection);
}

static void every_mistake_of_a_file_has_its_sentence(void **state)
{
    static const char *const rows[][2] = {
        {"", "line 1"},
        {"[]", "must be a JSON object"},
        {"'record'", "must be a JSON object"},
        {"{'type':'record','type':'record'}", "duplicate"},
        {"{}", "\"type\" must be \"record\""},
        {"{'type':'enum','name':'E','symbols':['a']}", "\"type\" must be \"record\""},
        {"{'type':'record','fields':[]}", "\"name\" must be"},
        {"{'type':'record','name':'a.b'}", "\"name\" must be"},
        {"{'type':'record','name':'R','namespace':'shops'}", "\"namespace\" must be"},
        {"{'type':'record','name':'R','collection':'item'}", "\"collection\" must be"},
        {"{'type':'record','name':'R','pageSize':0}", "\"pageSize\" must be"},
        {"{'type':'record','name':'R','pageSize':101}", "\"pageSize\" must be"},
        {"{'type':'record','name':'R'}", "at least one field"},
        {"{'type':'record','name':'R','fields':{}}", "at least one field"},
        {"{'type':'record','name':'R','fields':[]}", "at least one field"},
        {"{'type':'record','name':'R','fields':['a']}", "must be an object"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        assert_file_says(rows[i][0], rows[i][1]);
        assert_file_says(rows[i][0], "m/shop/items.avsc: ");
    }
}

static void every_mistake_of_a_field_has_its_sentence(void **state)
{
    static const char *const rows[][2] = {
        {"{'type':'int'}", "field ?: name must be"},
        {"{'name':'','type':'int'}", "field ?: name must be"},
        {"{'name':'a-b','type':'int'}", "field a-b: name must be"},
        {"{'name':'a','type':'int'},{'name':'a','type':'int'}", "field a: stands there twice"},
        {"{'name':'a','type':'int','maxLen':3}", "field a: has the unknown attribute \"maxLen\""},
        {"{'name':'a','type':'string','pattern':'('}", "field a: pattern is no POSIX"},
        {"{'name':'a','type':'string','pattern':'(a{99}){99}'}",
         "field a: pattern repeats a repetition"},
        {"{'name':'a','type':'string','format':'uri'}", "field a: format must be"},
        {"{'name':'a','type':'string','words':5}", "field a: words must be"},
        {"{'name':'a','type':'string','words':[1]}", "field a: words must be"},
        {"{'name':'a','type':'string','words':[3,2]}", "field a: words must be"},
        {"{'name':'a','type':'string','words':[0,2]}", "field a: words must be"},
        {"{'name':'a','type':'string','words':['1','2']}", "field a: words must be"},
        {"{'name':'a','type':'string','filter':true}", "need a maxLength"},
        {"{'name':'a','type':'string','unique':true,'maxLength':501}", "need a maxLength"},
        {"{'name':'a','type':{'type':'array','items':'int'},'filter':true}",
         "neither filter, sort nor"},
        {"{'name':'a','type':{'type':'record','name':'R','fields':[]},'unique':true}",
         "neither filter, sort nor"},
        {"{'name':'a','type':{'type':'enum','name':'E','symbols':['x']}},"
         "{'name':'b','type':{'type':'enum','name':'E','symbols':['y']}}",
         "libavro refuses"},
        {"{'name':'a','type':{'type':'enum','name':'E'}}", "libavro refuses"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_fields_say(rows[i][0], rows[i][1]);
}

static void what_every_record_has_is_no_field_of_its_own(void **state)
{
    static const char *const rows[] = {"id",         "version",    "created_at", "updated_at",
                                       "created_by", "updated_by", "deleted",    "body"};
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct buf field = {0};
        buf_printf(&field, "{'name':'%s','type':'int'}", rows[i]);
        assert_fields_say(field.ptr, "every record has already");
        buf_free(&field);
    }
}

/* `alter table … add column "xmin"` is an error: "conflicts with a system column name". */
static void what_every_table_of_postgresql_has_is_no_field_that_is_looked_up(void **state)
{
    static const char *const rows[] = {"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"};
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct buf field = {0};
        buf_printf(&field, "{'name':'%s','type':'int','filter':true}", rows[i]);
        assert_fields_say(field.ptr, rows[i]);
        buf_free(&field);
    }
}

static void a_rule_of_the_wrong_kind_is_refused_and_not_dropped(void **state)
{
    static const char *const rows[] = {
        "'unique':'true'", "'filter':1",  "'minLength':'1'", "'maxLength':9.5", "'minimum':'0'",
        "'maximum':true",  "'pattern':5", "'sort':1",        "'search':'yes'",
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct buf field = {0};
        buf_printf(&field, "{'name':'a','type':'string',%s}", rows[i]);
        assert_fields_say(field.ptr, "field a: ");
        buf_free(&field);
    }
}

static void a_default_that_does_not_fit_its_type_is_refused(void **state)
{
    static const char *const rows[] = {
        "{'name':'a','type':'string','default':5}",
        "{'name':'a','type':'string','default':null}",
        "{'name':'a','type':'int','default':4294967296}",
        "{'name':'a','type':'boolean','default':'no'}",
        "{'name':'a','type':{'type':'enum','name':'E','symbols':['x']},'default':'y'}",
        "{'name':'a','type':{'type':'array','items':'int'},'default':['x']}",
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_fields_say(rows[i], "field a: ");
}

static void all_mistakes_are_said_at_once(void **state)
{
    (void)state;
    struct buf mistakes = {0};
    assert_null(load("{'type':'records','name':'1','pageSize':0,'fields':["
                     "{'name':'id','type':'x'},{'name':'b','type':'int','oops':1}]}",
                     &mistakes));
    size_t lines = 0;
    for (size_t i = 0; i < mistakes.len; i++)
        lines += mistakes.ptr[i] == '\n';
    assert_int_equal(lines, 6);
    buf_free(&mistakes);
}

static void a_name_is_safe_everywhere(void **state)
{
    static const char longest[] = "a23456789_123456789_123456789_123456789_123456789_123456789_123";
    static const char *const good[] = {"a", "_", "A9", "_1", "created", longest};
    static const char *const bad[] = {"",    "1",   "a-b", "a.b",      "a b",
                                      "a\"", "a;b", "a/b", "\xc3\xa9", "a\n"};
    (void)state;
    for (size_t i = 0; i < countof(good); i++)
        assert_true(schema_is_name(str_from(good[i])));
    for (size_t i = 0; i < countof(bad); i++)
        assert_false(schema_is_name(str_from(bad[i])));
    assert_false(schema_is_name(STR("a23456789_123456789_123456789_123456789_123456789_123456789_"
                                    "1234")));
    assert_false(schema_is_name(STR("a\0b")));
}

static void a_type_may_be_named_after_it_was_defined(void **state)
{
    (void)state;
    struct buf mistakes = {0};
    struct collection *collection =
        load("{'type':'record','name':'R','namespace':'shop','fields':["
             "{'name':'a','type':{'type':'enum','name':'E','symbols':['x','y']}},"
             "{'name':'b','type':['null','E'],'default':null},{'name':'c','type':'shop.E'}]}",
             &mistakes);
    assert_non_null(collection);
    for (size_t i = 0; i < collection->field_count; i++)
        assert_int_equal(collection->fields[i].shape.type, FIELD_TYPE_ENUM);
    schema_free(&collection);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_come_from_the_folder_the_file_and_the_record),
        cmocka_unit_test(a_page_holds_ten_unless_it_says_otherwise),
        cmocka_unit_test(every_type_has_its_shape_with_and_without_null),
        cmocka_unit_test(a_type_that_we_do_not_take_is_refused),
        cmocka_unit_test(a_type_that_we_do_not_take_is_refused_within_arrays_and_records),
        cmocka_unit_test(rules_are_read),
        cmocka_unit_test(a_field_without_rules_takes_any_value),
        cmocka_unit_test(every_mistake_of_a_file_has_its_sentence),
        cmocka_unit_test(every_mistake_of_a_field_has_its_sentence),
        cmocka_unit_test(what_every_record_has_is_no_field_of_its_own),
        cmocka_unit_test(what_every_table_of_postgresql_has_is_no_field_that_is_looked_up),
        cmocka_unit_test(a_rule_of_the_wrong_kind_is_refused_and_not_dropped),
        cmocka_unit_test(a_default_that_does_not_fit_its_type_is_refused),
        cmocka_unit_test(all_mistakes_are_said_at_once),
        cmocka_unit_test(a_name_is_safe_everywhere),
        cmocka_unit_test(a_type_may_be_named_after_it_was_defined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
