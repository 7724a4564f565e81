#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "given.h"
#include "model/avro/fingerprint.h"

struct row {
    const char *schema, *canonical;
    uint64_t fingerprint;
};

static void assert_row(const struct row *row)
{
    struct buf canonical = {0}, expected = {0};
    struct json *schema = given_json(row->schema);
    fingerprint_canonical(schema, &canonical);
    given_text(row->canonical, &expected);
    assert_string_equal(canonical.ptr, expected.ptr);
    if (fingerprint_schema(schema) != row->fingerprint)
        fail_msg("%s gave %016llx", row->schema, (unsigned long long)fingerprint_schema(schema));
    json_free(&schema);
    buf_free(&canonical);
    buf_free(&expected);
}

static void no_bytes_have_the_fingerprint_of_the_specification(void **state)
{
    (void)state;
    assert_true(fingerprint_bytes(STR("")) == UINT64_C(0xc15d213aa4d7a795));
    assert_true(fingerprint_bytes(str_from(NULL)) == UINT64_C(0xc15d213aa4d7a795));
}

/* Canonical forms by Debian's python3-avro 1.11.1, fingerprints by the specification's table. */
static void a_type_has_the_canonical_form_that_avro_gives_it(void **state)
{
    static const struct row rows[] = {
        {"'null'", "'null'", 0x63dd24e7cc258f8a},
        {"'boolean'", "'boolean'", 0x9f42fc78a4d4f764},
        {"'int'", "'int'", 0x7275d51a3f395c8f},
        {"'long'", "'long'", 0xd054e14493f41db7},
        {"'float'", "'float'", 0x4d7c02cb3ea8d790},
        {"'double'", "'double'", 0x8e7535c032ab957e},
        {"'bytes'", "'bytes'", 0x4fc016dac3201965},
        {"'string'", "'string'", 0x8f014872634503c7},
        {"['null','string']", "['null','string']", 0x9845f21eb77ec49d},
        {"{'type':'array','items':{'type':'long'},'doc':'x'}", "{'type':'array','items':'long'}",
         0x5416c98ba22e5e71},
        {"{'values':'bytes','type':'map'}", "{'type':'map','values':'bytes'}", 0x73c5ef09ae7ff01b},
        {"{'type':'fixed','size':16,'name':'Md5','namespace':'org.x','aliases':['m']}",
         "{'name':'org.x.Md5','type':'fixed','size':16}", 0x2aeb4d6685ffe51a},
        {"{'symbols':['A','B_2'],'type':'enum','name':'E','default':'A','doc':'d'}",
         "{'name':'E','type':'enum','symbols':['A','B_2']}", 0x2c6edb499b35a599},
        {"{'type':'enum','name':'a.b.E','namespace':'ignored','symbols':['A']}",
         "{'name':'a.b.E','type':'enum','symbols':['A']}", 0xd14008d2df2d7707},
        {"{'type':'record','name':'R','namespace':'n.s','fields':[]}",
         "{'name':'n.s.R','type':'record','fields':[]}", 0x7e70e13b65787182},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_row(&rows[i]);
}

static void names_inside_a_record_stand_in_its_namespace(void **state)
{
    static const struct row rows[] = {
        {"{'fields':[{'type':{'type':'enum','symbols':['x'],'name':'E'},'name':'e','default':'x'},"
         "{'name':'f','type':'E'},{'name':'g','type':['null','n.E']}],'namespace':'n','name':'R',"
         "'type':'record'}",
         "{'name':'n.R','type':'record','fields':[{'name':'e','type':{'name':'n.E','type':'enum',"
         "'symbols':['x']}},{'name':'f','type':'n.E'},{'name':'g','type':['null','n.E']}]}",
         0x1653170b769bd04b},
        {"{'type':'record','name':'a.R','fields':[{'name':'e','type':{'type':'enum','symbols':"
         "['x'],'name':'E'}},{'name':'i','type':{'type':'record','name':'b.I','fields':[{'name':"
         "'z','type':{'type':'fixed','size':2,'name':'F'}}]}},{'name':'after','type':{'type':"
         "'fixed','size':3,'name':'G'}}]}",
         "{'name':'a.R','type':'record','fields':[{'name':'e','type':{'name':'a.E','type':'enum',"
         "'symbols':['x']}},{'name':'i','type':{'name':'b.I','type':'record','fields':[{'name':"
         "'z','type':{'name':'b.F','type':'fixed','size':2}}]}},{'name':'after','type':{'name':"
         "'a.G','type':'fixed','size':3}}]}",
         0x8186c04b05257e22},
        {"{'type':'record','name':'List','fields':[{'name':'next','type':['null','List'],'order':"
         "'ignore'},{'name':'value','type':'int','aliases':['v']}]}",
         "{'name':'List','type':'record','fields':[{'name':'next','type':['null','List']},{'name':"
         "'value','type':'int'}]}",
         0xc36def83bf1132a8},
        {"{'type':'record','name':'Entry','namespace':'medical','doc':'d','pageSize':5,'fields':["
         "{'name':'title','type':'string','maxLength':200},{'name':'content','type':'string',"
         "'default':''}]}",
         "{'name':'medical.Entry','type':'record','fields':[{'name':'title','type':'string'},"
         "{'name':'content','type':'string'}]}",
         0xe8f4d71f040b7616},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_row(&rows[i]);
}

/* Here python3-avro keeps {"type":"long"}; the specification's rule PRIMITIVES, which Java follows,
 * does not. */
static void a_primitive_in_an_object_is_the_primitive(void **state)
{
    static const struct row rows[] = {
        {"{'type':'string','avro.java.string':'String'}", "'string'", 0x8f014872634503c7},
        {"{'type':'long','logicalType':'timestamp-millis'}", "'long'", 0xd054e14493f41db7},
        {"['null',{'type':'int','logicalType':'date'}]", "['null','int']", 0},
    };
    (void)state;
    for (size_t i = 0; i + 1 < countof(rows); i++)
        assert_row(&rows[i]);
    struct json *dated = given_json(rows[2].schema), *plain = given_json(rows[2].canonical);
    assert_true(fingerprint_schema(dated) == fingerprint_schema(plain));
    json_free(&dated);
    json_free(&plain);
}

static void what_a_reader_needs_not_changes_nothing(void **state)
{
    (void)state;
    struct json *bare =
        given_json("{'type':'record','name':'R','fields':[{'name':'a','type':'int'}]}");
    struct json *rich = given_json(
        "{'doc':'d','fields':[{'doc':'e','default':5,'type':{'type':'int'},'order':'descending',"
        "'filter':true,'aliases':['b'],'name':'a'}],'name':'R','aliases':['S'],'type':'record'}");
    struct json *other =
        given_json("{'type':'record','name':'R','fields':[{'name':'a','type':'long'}]}");
    assert_true(fingerprint_schema(bare) == fingerprint_schema(rich));
    assert_false(fingerprint_schema(bare) == fingerprint_schema(other));
    json_free(&bare);
    json_free(&rich);
    json_free(&other);
}

static void escapes_are_written_as_the_characters_they_stand_for(void **state)
{
    (void)state;
    struct row row = {"{'type':'record','name':'R','fields':[{'name':'\\u00e9','type':'int'}]}",
                      "{'name':'R','type':'record','fields':[{'name':'\xc3\xa9','type':'int'}]}",
                      0x0};
    struct buf canonical = {0}, expected = {0};
    struct json *schema = given_json(row.schema);
    fingerprint_canonical(schema, &canonical);
    given_text(row.canonical, &expected);
    assert_string_equal(canonical.ptr, expected.ptr);
    json_free(&schema);
    buf_free(&canonical);
    buf_free(&expected);
}

static void a_fingerprint_is_written_in_sixteen_digits(void **state)
{
    static const struct {
        uint64_t fingerprint;
        const char *text;
    } rows[] = {{0, "0000000000000000"},
                {1, "0000000000000001"},
                {0x63dd24e7cc258f8a, "63dd24e7cc258f8a"},
                {UINT64_MAX, "ffffffffffffffff"}};
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        char text[FINGERPRINT_TEXT_SIZE];
        fingerprint_format(rows[i].fingerprint, text);
        assert_string_equal(text, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_bytes_have_the_fingerprint_of_the_specification),
        cmocka_unit_test(a_type_has_the_canonical_form_that_avro_gives_it),
        cmocka_unit_test(names_inside_a_record_stand_in_its_namespace),
        cmocka_unit_test(a_primitive_in_an_object_is_the_primitive),
        cmocka_unit_test(what_a_reader_needs_not_changes_nothing),
        cmocka_unit_test(escapes_are_written_as_the_characters_they_stand_for),
        cmocka_unit_test(a_fingerprint_is_written_in_sixteen_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
