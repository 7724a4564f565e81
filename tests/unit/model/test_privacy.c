#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "given.h"
#include "model/privacy.h"
#include "model/validate.h"

/* By Python: hmac.new(b"a secret of 2026", b"ann@example.org", "sha256").hexdigest() */
#define ANN     "7859cd44764eae33b7352db503e7339fd6817d7bcab696418d2092b1245c3deb"
#define NOBODY  "99fbc6619a74ecbf00308de597880a86fd8a8fafdf8b42bec01754bb3bd22599" /* b"" */
#define ZOE     "1b07b45bb9486398924cd3b944ba1ab767423ff6e0242a3f10e67e7edd1319c4" /* "Zoë" */
#define ANN_OF2 "843dfd196f6d99ff0bb0491d61915f04938f385c6a82bd9da6b1df2874608b45"

static const char key[] = "a secret of 2026", other_key[] = "another key";

#define WHO  "{'name':'a','type':'string','privacy':'pseudonym'}"
#define MASK "{'name':'a','type':'string','privacy':'mask'}"
#define YEAR "{'name':'a','type':'string','privacy':'year'}"
#define DATE "{'name':'a','type':{'type':'int','logicalType':'date'},'privacy':'year'}"
#define TIME "{'name':'a','type':{'type':'long','logicalType':'timestamp-millis'},'privacy':'year'}"

static struct collection *given_private(const char *fields, const char *pseudonym_key)
{
    struct collection *collection = given_collection(fields);
    collection->pseudonym_key = str_from(pseudonym_key);
    return collection;
}

/* What a client sends becomes what is stored. `stored` NULL: there was no record. */
static void assert_kept(const struct collection *collection, const char *stored, const char *sent,
                        const char *kept)
{
    struct problem problem = {0};
    struct json *record = stored != NULL ? given_json(stored) : NULL;
    struct json *body = given_json(sent);
    struct json *fields = json_make_object();
    if (!validate_document(collection, record, body, fields, &problem))
        fail_msg("%s: %s", sent, problem.mistakes.ptr);
    privacy_reduce(collection, record, fields);
    assert_json(fields, kept);
    json_free(&fields);
    json_free(&body);
    if (record != NULL)
        json_free(&record);
}

static void assert_refused(const struct collection *collection, const char *stored,
                           const char *sent, const char *mistake)
{
    struct problem problem = {0};
    struct buf wanted = {0};
    struct json *record = stored != NULL ? given_json(stored) : NULL;
    struct json *body = given_json(sent);
    struct json *fields = json_make_object();
    if (validate_document(collection, record, body, fields, &problem))
        fail_msg("%s was taken", sent);
    json_free(&fields);
    given_text(mistake, &wanted);
    assert_string_equal(problem.mistakes.ptr, wanted.ptr);
    buf_free(&wanted);
    problem_free(&problem);
    json_free(&body);
    if (record != NULL)
        json_free(&record);
}

static void what_is_personal_is_reduced(void **state)
{
    static const char *const rows[][3] = {
        {WHO, "{'a':'ann@example.org'}", "{'a':'" ANN "'}"},
        {WHO, "{'a':''}", "{'a':'" NOBODY "'}"},
        {WHO, "{'a':'Zo\xc3\xab'}", "{'a':'" ZOE "'}"},
        {MASK, "{'a':'ann@example.org'}", "{'a':'***'}"},
        {MASK, "{'a':''}", "{'a':'***'}"},
        {MASK, "{'a':'***'}", "{'a':'***'}"},
        {YEAR, "{'a':'2026'}", "{'a':'2026'}"},
        {YEAR, "{'a':'2026-11-21'}", "{'a':'2026'}"},
        {YEAR, "{'a':'2026-11-21T08:15:30Z'}", "{'a':'2026'}"},
        {YEAR, "{'a':'2026-11-21 08:15, at home'}", "{'a':'2026'}"},
        {DATE, "{'a':'2026-11-21'}", "{'a':'2026-01-01'}"},
        {DATE, "{'a':'0001-12-31'}", "{'a':'0001-01-01'}"},
        {TIME, "{'a':'2026-11-21T08:15:30.250Z'}", "{'a':'2026-01-01T00:00:00.000Z'}"},
        {TIME, "{'a':'2026-12-31T23:59:59-01:00'}", "{'a':'2027-01-01T00:00:00.000Z'}"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct collection *collection = given_private(rows[i][0], key);
        assert_kept(collection, NULL, rows[i][1], rows[i][2]);
        schema_free(&collection);
    }
}

static void another_key_makes_another_pseudonym(void **state)
{
    (void)state;
    struct collection *collection = given_private(WHO, other_key);
    assert_kept(collection, NULL, "{'a':'ann@example.org'}", "{'a':'" ANN_OF2 "'}");
    schema_free(&collection);
}

/* Without a pseudonym among the fields there need not be a key. */
static void a_mask_and_a_year_need_no_key(void **state)
{
    (void)state;
    struct collection *collection =
        given_private("{'name':'m','type':'string','privacy':'mask'},"
                      "{'name':'y','type':'string','privacy':'year'},{'name':'n','type':'string'}",
                      NULL);
    assert_kept(collection, NULL, "{'m':'x','y':'1999','n':'y'}", "{'m':'***','y':'1999','n':'y'}");
    schema_free(&collection);
}

static void a_field_that_is_nobodys_stays(void **state)
{
    (void)state;
    struct collection *collection =
        given_private("{'name':'p','type':'string'}," WHO ",{'name':'n','type':'int'}", key);
    assert_kept(collection, NULL, "{'p':'ann@example.org','a':'ann@example.org','n':2026}",
                "{'p':'ann@example.org','a':'" ANN "','n':2026}");
    schema_free(&collection);
}

/* Whether the client leaves it out or says it. */
static void a_default_and_null_are_nobodys(void **state)
{
    static const char *const rows[][3] = {
        {"'type':'string','default':'','privacy':'pseudonym'", "''", "'x'"},
        {"'type':'string','default':'nobody','privacy':'mask'", "'nobody'", "'x'"},
        {"'type':'string','default':'','privacy':'year'", "''", "'2026-01-02'"},
        {"'type':'string','default':'unknown','privacy':'year'", "'unknown'", "'2026-01-02'"},
        {"'type':{'type':'int','logicalType':'date'},'default':'1970-07-01','privacy':'year'",
         "'1970-07-01'", "'2026-01-02'"},
        {"'type':['null','string'],'default':null,'privacy':'pseudonym'", "null", "'x'"},
        {"'type':['null','string'],'default':null,'privacy':'mask'", "null", "'x'"},
        {"'type':['null',{'type':'int','logicalType':'date'}],'default':null,'privacy':'year'",
         "null", "'2026-01-02'"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct buf field = {0}, both = {0}, stored = {0};
        buf_printf(&field, "{'name':'a',%s}", rows[i][0]);
        buf_printf(&both, "{'a':%s}", rows[i][1]);
        buf_printf(&stored, "{'a':%s}", rows[i][2]);
        struct collection *collection = given_private(field.ptr, key);
        assert_kept(collection, NULL, "{}", both.ptr);
        assert_kept(collection, NULL, both.ptr, both.ptr);
        assert_kept(collection, stored.ptr, "{}", both.ptr);
        assert_kept(collection, stored.ptr, both.ptr, both.ptr);
        schema_free(&collection);
        buf_free(&field);
        buf_free(&both);
        buf_free(&stored);
    }
}

static void null_stays_null_where_there_is_no_default(void **state)
{
    (void)state;
    struct collection *collection =
        given_private("{'name':'a','type':['null','string'],'privacy':'pseudonym'}", key);
    assert_kept(collection, NULL, "{'a':null}", "{'a':null}");
    assert_kept(collection, "{'a':'" ANN "'}", "{'a':null}", "{'a':null}");
    assert_kept(collection, "{'a':null}", "{'a':'ann@example.org'}", "{'a':'" ANN "'}");
    schema_free(&collection);
}

static void what_equals_the_stored_value_stays(void **state)
{
    static const char *const rows[][4] = {
        {WHO, "{'a':'" ANN "'}", "{'a':'" ANN "'}", "{'a':'" ANN "'}"},
        {WHO, "{'a':'" ANN "'}", "{'a':'ann@example.org'}", "{'a':'" ANN "'}"},
        {WHO, "{'a':'" ANN "'}", "{'a':''}", "{'a':'" NOBODY "'}"},
        {MASK, "{'a':'***'}", "{'a':'***'}", "{'a':'***'}"},
        {YEAR, "{'a':'2026'}", "{'a':'2026'}", "{'a':'2026'}"},
        {DATE, "{'a':'2026-01-01'}", "{'a':'2026-01-01'}", "{'a':'2026-01-01'}"},
        {TIME, "{'a':'2026-01-01T00:00:00.000Z'}", "{'a':'2026-01-01T00:00:00Z'}",
         "{'a':'2026-01-01T00:00:00.000Z'}"},
        /* Stored before the field was private: it goes with the next change. */
        {MASK, "{'a':'old'}", "{'a':'old'}", "{'a':'***'}"},
        {MASK, "{'a':'old'}", "{'a':'new'}", "{'a':'***'}"},
        /* A record of before there was the field. */
        {MASK, "{'b':'x'}", "{'a':'x'}", "{'a':'***'}"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct collection *collection = given_private(rows[i][0], key);
        assert_kept(collection, rows[i][1], rows[i][2], rows[i][3]);
        schema_free(&collection);
    }
}

/* Nobody gets another one's pseudonym by sending it. */
static void what_another_field_or_record_has_is_reduced(void **state)
{
    (void)state;
    struct collection *collection =
        given_private("{'name':'b','type':'string','privacy':'mask'}," MASK, key);
    assert_kept(collection, "{'b':'kept','a':'old'}", "{'b':'old','a':'kept'}",
                "{'b':'***','a':'***'}");
    assert_kept(collection, NULL, "{'b':'kept','a':'old'}", "{'b':'***','a':'***'}");
    schema_free(&collection);
}

#define RULED(rules) "{'name':'a','type':'string'," rules "}"

/* The value that a client sends keeps the rules; what became of it need not. */
static void rules_are_for_the_value_and_not_for_what_is_left_of_it(void **state)
{
    static const struct {
        const char *field, *value, *kept, *broken, *mistake;
    } rows[] = {
        {RULED("'privacy':'pseudonym','maxLength':20"), "'ann@example.org'", "'" ANN "'",
         "'" ZOE "'", "must have at most 20 characters"},
        {RULED("'privacy':'pseudonym','format':'email'"), "'ann@example.org'", "'" ANN "'", "'ann'",
         "must be an e-mail address"},
        {RULED("'privacy':'mask','minLength':5"), "'a name'", "'***'", "'****'",
         "must have at least 5 characters"},
        {RULED("'privacy':'mask','pattern':'^[a-z]+$'"), "'name'", "'***'", "'Name'",
         "does not match the field`s pattern"},
        {RULED("'privacy':'year','minLength':10"), "'2026-11-21'", "'2026'", "'2025'",
         "must have at least 10 characters"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct buf sent = {0}, kept = {0}, broken = {0}, mistake = {0};
        buf_printf(&sent, "{'a':%s}", rows[i].value);
        buf_printf(&kept, "{'a':%s}", rows[i].kept);
        buf_printf(&broken, "{'a':%s}", rows[i].broken);
        buf_printf(&mistake, "{'pointer':'/a','detail':'%s'}", rows[i].mistake);
        struct collection *collection = given_private(rows[i].field, key);
        assert_kept(collection, NULL, sent.ptr, kept.ptr);
        assert_kept(collection, kept.ptr, kept.ptr, kept.ptr);
        assert_refused(collection, NULL, broken.ptr, mistake.ptr);
        assert_refused(collection, kept.ptr, broken.ptr, mistake.ptr);
        schema_free(&collection);
        buf_free(&sent);
        buf_free(&kept);
        buf_free(&broken);
        buf_free(&mistake);
    }
}

static void a_text_without_a_year_is_refused_where_its_year_is_kept(void **state)
{
    static const char *const refused[] = {"'yesterday'", "''", "'26'", "'-026'", "'2026-02-30'"};
    (void)state;
    struct collection *collection = given_private(YEAR, NULL);
    for (size_t i = 0; i < countof(refused); i++) {
        struct buf sent = {0};
        buf_printf(&sent, "{'a':%s}", refused[i]);
        assert_refused(collection, NULL, sent.ptr,
                       "{'pointer':'/a','detail':'must begin with a date like 2026-11-21'}");
        buf_free(&sent);
    }
    schema_free(&collection);
}

static void a_year_is_taken_from_a_year_or_a_date_with_anything_behind_it(void **state)
{
    static const struct {
        const char *text;
        bool has_year;
    } rows[] = {
        {"2026", true},         {"0000", true},         {"9999", true},
        {"2026-11-21", true},   {"2024-02-29", true},   {"2026-11-21T", true},
        {"2026-11-21T8", true}, {"2026-11-21 x", true}, {"", false},
        {"202", false},         {"20266", false},       {"-026", false},
        {"+026", false},        {"2 26", false},        {"2o26", false},
        {"2026-", false},       {"2026-11", false},     {"2026-11-2", false},
        {"2026-02-29", false},  {"2026-13-01", false},  {"2026-11-211", false},
        {"2026-11-21Z", false}, {"2026-11-21t", false}, {"2026/11/21", false},
        {" 2026", false},       {"21.11.2026", false},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        if (privacy_has_year(str_from(rows[i].text)) != rows[i].has_year)
            fail_msg("\"%s\"", rows[i].text);
    assert_true(privacy_has_year((struct str){"20261", 4})); /* no more than its length is read */
    assert_false(privacy_has_year((struct str){NULL, 0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_personal_is_reduced),
        cmocka_unit_test(another_key_makes_another_pseudonym),
        cmocka_unit_test(a_mask_and_a_year_need_no_key),
        cmocka_unit_test(a_field_that_is_nobodys_stays),
        cmocka_unit_test(a_default_and_null_are_nobodys),
        cmocka_unit_test(null_stays_null_where_there_is_no_default),
        cmocka_unit_test(what_equals_the_stored_value_stays),
        cmocka_unit_test(what_another_field_or_record_has_is_reduced),
        cmocka_unit_test(rules_are_for_the_value_and_not_for_what_is_left_of_it),
        cmocka_unit_test(a_text_without_a_year_is_refused_where_its_year_is_kept),
        cmocka_unit_test(a_year_is_taken_from_a_year_or_a_date_with_anything_behind_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
