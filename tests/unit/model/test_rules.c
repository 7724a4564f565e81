#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "given.h"
#include "model/rules.h"

/* The field "a" with these attributes is refused with just this line. */
static void assert_says(const char *attributes, const char *wanted)
{
    struct buf field = {0}, line = {0}, mistakes = {0};
    buf_printf(&field, "{'name':'a',%s}", attributes);
    buf_printf(&line, "f: field a: %s\n", wanted);
    struct collection *collection = given_fields(field.ptr, &mistakes);
    if (collection != NULL)
        fail_msg("{%s} was taken, where \"%s\" was wanted", attributes, wanted);
    assert_string_equal(mistakes.ptr, line.ptr);
    buf_free(&field);
    buf_free(&line);
    buf_free(&mistakes);
}

static void assert_taken(const char *attributes)
{
    struct buf field = {0};
    buf_printf(&field, "{'name':'a',%s}", attributes);
    struct collection *collection = given_collection(field.ptr);
    schema_free(&collection);
    buf_free(&field);
}

/* The same where the sentence does not matter; says which of them was taken. */
static size_t count_taken(const char *const *rows, size_t count)
{
    size_t taken = 0;
    for (size_t i = 0; i < count; i++) {
        struct buf field = {0}, mistakes = {0};
        buf_printf(&field, "{'name':'a',%s}", rows[i]);
        struct collection *collection = given_fields(field.ptr, &mistakes);
        if (collection != NULL)
            print_message("{%s} was taken\n", rows[i]);
        taken += collection != NULL;
        schema_free(&collection);
        buf_free(&field);
        buf_free(&mistakes);
    }
    return taken;
}

#define STRING    "'type':'string'"
#define NULLABLE  "'type':['null','string']"
#define DATE      "'type':{'type':'int','logicalType':'date'}"
#define TIMESTAMP "'type':{'type':'long','logicalType':'timestamp-millis'}"
#define UUID      "'type':{'type':'string','logicalType':'uuid'}"
#define ENUM      "'type':{'type':'enum','name':'E','symbols':['x','y']}"
#define ARRAY     "'type':{'type':'array','items':'string'}"
#define RECORD    "'type':{'type':'record','name':'R','fields':[{'name':'x','type':'int'}]}"

static void every_privacy_has_its_types(void **state)
{
    static const struct {
        const char *attributes;
        enum privacy privacy;
    } rows[] = {
        {STRING, PRIVACY_NONE},
        {STRING ",'privacy':'pseudonym'", PRIVACY_PSEUDONYM},
        {STRING ",'privacy':'mask'", PRIVACY_MASK},
        {STRING ",'privacy':'year'", PRIVACY_YEAR},
        {NULLABLE ",'privacy':'pseudonym'", PRIVACY_PSEUDONYM},
        {"'type':['string','null'],'privacy':'mask'", PRIVACY_MASK},
        {DATE ",'privacy':'year'", PRIVACY_YEAR},
        {TIMESTAMP ",'privacy':'year'", PRIVACY_YEAR},
        {"'type':['null',{'type':'int','logicalType':'date'}],'privacy':'year'", PRIVACY_YEAR},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct buf field = {0};
        buf_printf(&field, "{'name':'a',%s}", rows[i].attributes);
        struct collection *collection = given_collection(field.ptr);
        assert_int_equal(collection->fields[0].privacy, rows[i].privacy);
        const struct field *found = schema_find_private(collection, rows[i].privacy);
        assert_ptr_equal(found, &collection->fields[0]);
        schema_free(&collection);
        buf_free(&field);
    }
}

static const char needs_a_string[] = "privacy needs a string; year a string, date or timestamp";

static void privacy_of_a_type_that_cannot_have_it_is_refused(void **state)
{
    static const char *const types[] = {
        "'type':'int'", "'type':'long'", "'type':'double'", "'type':'boolean'", UUID, ENUM,
        ARRAY,          RECORD,
    };
    static const char *const kinds[] = {"pseudonym", "mask", "year"};
    (void)state;
    for (size_t i = 0; i < countof(types) * countof(kinds); i++) {
        struct buf text = {0};
        buf_printf(&text, "%s,'privacy':'%s'", types[i / 3], kinds[i % 3]);
        assert_says(text.ptr, needs_a_string);
        buf_free(&text);
    }
    assert_says(DATE ",'privacy':'mask'", needs_a_string);
    assert_says(DATE ",'privacy':'pseudonym'", needs_a_string);
    assert_says(TIMESTAMP ",'privacy':'mask'", needs_a_string);
}

static void a_privacy_that_is_none_of_ours_is_refused(void **state)
{
    static const char *const unknown[] = {"hash", "Mask", "none", " mask", "years"};
    (void)state;
    for (size_t i = 0; i < countof(unknown); i++) {
        struct buf text = {0};
        buf_printf(&text, STRING ",'privacy':'%s'", unknown[i]);
        assert_says(text.ptr, "privacy must be pseudonym, mask or year");
        buf_free(&text);
    }
    assert_says(STRING ",'privacy':true", "has no such value for \"privacy\"");
    assert_says(STRING ",'privacy':null", "has no such value for \"privacy\"");
    assert_says(STRING ",'privacy':['mask']", "has no such value for \"privacy\"");
}

/* It would leave the values as they are. */
static void an_empty_privacy_is_refused(void **state)
{
    (void)state;
    assert_says(STRING ",'privacy':''", "privacy must be pseudonym, mask or year");
}

/* Or the second record with a mask would find it taken. */
static void only_a_pseudonym_can_be_unique(void **state)
{
    static const char wanted[] = "what is masked or cut to its year cannot be unique";
    (void)state;
    assert_taken(STRING ",'maxLength':99,'unique':true,'privacy':'pseudonym'");
    assert_says(STRING ",'maxLength':99,'unique':true,'privacy':'mask'", wanted);
    assert_says(STRING ",'maxLength':99,'unique':true,'privacy':'year'", wanted);
    assert_says(DATE ",'unique':true,'privacy':'year'", wanted);
    assert_taken(STRING ",'maxLength':99,'unique':false,'privacy':'mask'");
    assert_taken(STRING ",'maxLength':99,'filter':true,'privacy':'year'");
}

static void what_is_unique_or_a_filter_can_be_indexed(void **state)
{
    static const char too_long[] = "filter, sort and unique need a maxLength of 500 or less";
    static const char not_scalar[] = "an array or a record can be neither filter, sort nor unique";
    (void)state;
    assert_taken(STRING ",'maxLength':500,'unique':true");
    assert_taken(NULLABLE ",'maxLength':500,'filter':true");
    assert_taken(UUID ",'unique':true");
    assert_taken(ENUM ",'filter':true");
    assert_taken(TIMESTAMP ",'unique':true,'filter':true");
    assert_taken(STRING ",'unique':false,'filter':false");
    assert_says(STRING ",'unique':true", too_long);
    assert_says(NULLABLE ",'maxLength':501,'filter':true", too_long);
    assert_says(ARRAY ",'unique':true", not_scalar);
    assert_says(RECORD ",'filter':true", not_scalar);
    assert_says("'type':['null',{'type':'array','items':'int'}],'filter':true", not_scalar);
}

static void what_is_sorted_by_has_an_order(void **state)
{
    static const char no_order[] = "a boolean is nothing to sort by";
    (void)state;
    assert_taken(STRING ",'maxLength':500,'sort':true");
    assert_taken(ENUM ",'sort':true");
    assert_taken("'type':'boolean','sort':false");
    assert_says("'type':'boolean','sort':true", no_order);
    assert_says("'type':['null','boolean'],'sort':true", no_order);
    assert_says(STRING ",'sort':true", "filter, sort and unique need a maxLength of 500 or less");
    assert_says(RECORD ",'sort':true",
                "an array or a record can be neither filter, sort nor unique");
}

static void what_is_searched_is_text(void **state)
{
    static const char no_text[] = "search is for strings and arrays of strings";
    (void)state;
    assert_taken(STRING ",'search':true");
    assert_taken(NULLABLE ",'search':true");
    assert_taken("'type':{'type':'array','items':'string'},'search':true");
    assert_says("'type':{'type':'array','items':'int'},'search':true", no_text);
    assert_says(ENUM ",'search':true", no_text);
    assert_says("'type':'long','search':true", no_text);
}

/* Where a field of a record may stand, the %s being its attributes. */
static const char *const places[] = {
    "'type':{'type':'record','name':'R','fields':[{'name':'x',%s}]}",
    "'type':['null',{'type':'record','name':'R','fields':[{'name':'x',%s}]}]",
    "'type':{'type':'record','name':'R','fields':[{'name':'y','type':'int'},{'name':'x',%s}]}",
    "'type':{'type':'array','items':{'type':'record','name':'R','fields':[{'name':'x',%s}]}}",
    "'type':{'type':'array','items':['null',{'type':'record','name':'R','fields':["
    "{'name':'x',%s}]}]}",
    "'type':{'type':'record','name':'R','fields':[{'name':'s','type':"
    "{'type':'record','name':'S','fields':[{'name':'x',%s}]}}]}",
    "'type':{'type':'record','name':'R','fields':[{'name':'s','type':{'type':'array','items':"
    "{'type':'record','name':'S','fields':[{'name':'x',%s}]}}}]}",
};

static void put_at(size_t place, const char *attributes, struct buf *out)
{
    struct str rest = str_from(places[place]);
    buf_append_str(out, str_cut(&rest, '%'));
    buf_append_text(out, attributes);
    buf_append(out, rest.ptr + 1, rest.len - 1);
}

static void rules_inside_a_record_are_refused(void **state)
{
    static const char *const rules[] = {
        STRING ",'minLength':1",    STRING ",'maxLength':9",    STRING ",'pattern':'a'",
        STRING ",'format':'email'", "'type':'int','minimum':0", "'type':'int','maximum':0",
        STRING ",'unique':true",    STRING ",'filter':true",    STRING ",'filter':false",
        STRING ",'immutable':true", STRING ",'privacy':'mask'", STRING ",'words':[1,2]",
        STRING ",'minLenght':1",
    };
    (void)state;
    for (size_t i = 0; i < countof(places) * countof(rules); i++) {
        struct buf text = {0};
        put_at(i / countof(rules), rules[i % countof(rules)], &text);
        assert_says(text.ptr,
                    "rules and privacy stand on the field itself, not inside its type or record");
        buf_free(&text);
    }
}

static void what_is_avros_own_may_stand_inside_a_record(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(places); i++) {
        struct buf text = {0};
        put_at(i, STRING ",'doc':'d','default':'','order':'ignore','aliases':['z']", &text);
        assert_taken(text.ptr);
        buf_free(&text);
    }
}

/* As the README says of a rule that could do nothing where it stands. */
static void a_rule_that_another_type_would_need_is_refused(void **state)
{
    static const char *const rows[] = {
        "'type':'int','minLength':1",
        "'type':'int','maxLength':9",
        "'type':'boolean','pattern':'^t'",
        "'type':'double','format':'email'",
        ARRAY ",'minLength':1",
        RECORD ",'pattern':'a'",
        STRING ",'minimum':0",
        STRING ",'maximum':9",
        "'type':'boolean','minimum':0",
        ARRAY ",'maximum':9",
    };
    (void)state;
    assert_int_equal(count_taken(rows, countof(rows)), 0);
}

/* Beside "logicalType", say, where nobody reads it. */
static void a_rule_inside_a_type_is_refused(void **state)
{
    static const char *const rows[] = {
        "'type':{'type':'string','privacy':'mask'}",
        "'type':['null',{'type':'string','privacy':'mask'}]",
        "'type':{'type':'string','maxLength':9}",
        "'type':{'type':'int','logicalType':'date','privacy':'year'}",
        "'type':{'type':'array','items':{'type':'string','privacy':'mask'}}",
    };
    (void)state;
    assert_int_equal(count_taken(rows, countof(rows)), 0);
}

static void a_default_keeps_its_fields_own_rules(void **state)
{
    static const char *const rows[][3] = {
        {STRING ",'minLength':2", "'ab'", "'a'"},
        {STRING ",'maxLength':2", "'ab'", "'abc'"},
        {STRING ",'maxLength':1", "'\xc3\xa9'", "'ab'"},
        {STRING ",'pattern':'^a+$'", "'aa'", "'b'"},
        {STRING ",'format':'email'", "'ann@example.org'", "'ann'"},
        {STRING ",'unique':true,'maxLength':2", "'ab'", "'abc'"},
        {"'type':'int','minimum':0", "0", "-1"},
        {"'type':'long','maximum':9", "9", "10"},
        {"'type':'double','minimum':-0.5", "-0.5", "-0.75"},
        {"'type':'double','minimum':1,'maximum':2", "2", "3"},
        {"'type':['null','string'],'minLength':1", "null", "''"},
        {"'type':['string','null'],'minLength':1", "'x'", "''"},
        {"'type':['null','int'],'minimum':5", "null", "4"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct buf text = {0};
        buf_printf(&text, "%s,'default':%s", rows[i][0], rows[i][1]);
        assert_taken(text.ptr);
        buf_reset(&text);
        buf_printf(&text, "%s,'default':%s", rows[i][0], rows[i][2]);
        assert_says(text.ptr, "default breaks the field's own rules");
        buf_free(&text);
    }
}

/* It is nobody's, and says that there was nothing to reduce. */
static void the_default_of_what_is_personal_need_only_be_of_its_type(void **state)
{
    (void)state;
    assert_taken(STRING ",'privacy':'year','default':''");
    assert_taken(STRING ",'privacy':'pseudonym','minLength':1,'default':''");
    assert_taken(STRING ",'privacy':'mask','pattern':'^x','default':'none'");
    assert_says(STRING ",'privacy':'mask','default':5", "default is not of its type");
    assert_says(DATE ",'privacy':'year','default':'2026'", "default is not of its type");
}

/* It would be filled in wherever the client leaves it out, and refused. */
static void a_default_inside_a_record_is_of_its_type_too(void **state)
{
    static const char *const unfit[] = {
        "'type':'int','default':'x'",
        STRING ",'default':5",
        STRING ",'default':null",
        "'type':'boolean','default':0",
    };
    size_t taken = 0;
    (void)state;
    for (size_t i = 0; i < countof(places) * countof(unfit); i++) {
        struct buf text = {0};
        put_at(i / countof(unfit), unfit[i % countof(unfit)], &text);
        taken += count_taken((const char *const[]){text.ptr}, 1);
        buf_free(&text);
    }
    assert_int_equal(taken, 0);
}

static void every_mistake_of_a_field_is_said_at_once(void **state)
{
    struct buf mistakes = {0};
    (void)state;
    assert_null(given_fields("{'name':'a'," STRING ",'privacy':'hash','unique':true,'format':'x',"
                             "'words':[2,1],'pattern':'[','odd':1,'minLength':'1','default':1}",
                             &mistakes));
    size_t lines = 0;
    for (size_t i = 0; i < mistakes.len; i++)
        lines += mistakes.ptr[i] == '\n';
    assert_int_equal(lines, 8);
    buf_free(&mistakes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_privacy_has_its_types),
        cmocka_unit_test(privacy_of_a_type_that_cannot_have_it_is_refused),
        cmocka_unit_test(a_privacy_that_is_none_of_ours_is_refused),
        cmocka_unit_test(an_empty_privacy_is_refused),
        cmocka_unit_test(only_a_pseudonym_can_be_unique),
        cmocka_unit_test(what_is_unique_or_a_filter_can_be_indexed),
        cmocka_unit_test(what_is_sorted_by_has_an_order),
        cmocka_unit_test(what_is_searched_is_text),
        cmocka_unit_test(rules_inside_a_record_are_refused),
        cmocka_unit_test(what_is_avros_own_may_stand_inside_a_record),
        cmocka_unit_test(a_rule_that_another_type_would_need_is_refused),
        cmocka_unit_test(a_rule_inside_a_type_is_refused),
        cmocka_unit_test(a_default_keeps_its_fields_own_rules),
        cmocka_unit_test(the_default_of_what_is_personal_need_only_be_of_its_type),
        cmocka_unit_test(a_default_inside_a_record_is_of_its_type_too),
        cmocka_unit_test(every_mistake_of_a_field_is_said_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
