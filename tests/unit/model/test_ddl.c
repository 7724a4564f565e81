#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "given.h"
#include "model/ddl.h"

/* The script for shop with these collections, all of them with the same fields. */
static char *write_ddl(const char *const *names, size_t count, const char *fields,
                       enum ddl_side side)
{
    struct collection *collections[4];
    struct buf out = {0}, text = {0}, mistakes = {0};
    char service_name[] = "shop";
    given_text("{'type':'record','name':'Item','fields':[", &text);
    given_text(fields, &text);
    given_text("]}", &text);
    for (size_t i = 0; i < count; i++) {
        collections[i] =
            schema_load("f", STR("shop"), str_from(names[i]), buf_str(&text), &mistakes);
        if (collections[i] == NULL)
            fail_msg("%s", mistakes.ptr);
    }
    struct service service = {
        .name = service_name, .collections = collections, .collection_count = count};
    struct model model = {&service, 1};
    ddl_write(&model, side, &out);
    for (size_t i = 0; i < count; i++)
        schema_free(&collections[i]);
    buf_free(&text);
    return out.ptr;
}

static char *write_one(const char *fields, enum ddl_side side)
{
    static const char *const items[] = {"items"};
    return write_ddl(items, 1, fields, side);
}

static void assert_has(const char *script, const char *line)
{
    if (strstr(script, line) == NULL)
        fail_msg("\"%s\" is not in it", line);
}

static void assert_has_not(const char *script, const char *word)
{
    if (strstr(script, word) != NULL)
        fail_msg("\"%s\" is in it", word);
}

static const char fields[] =
    "{'name':'code','type':'string','maxLength':9,'unique':true},"
    "{'name':'kind','type':'string','maxLength':9,'filter':true},"
    "{'name':'both','type':'long','unique':true,'filter':true},{'name':'none','type':'string'}";

static void a_script_makes_tables_and_then_defaults_under_one_lock(void **state)
{
    (void)state;
    for (enum ddl_side side = DDL_SIDE_WRITE; side <= DDL_SIDE_READ; side++) {
        char *script = write_one(fields, side);
        const char *begin = strstr(script, "\nbegin;\nselect pg_advisory_xact_lock(");
        assert_non_null(begin);
        assert_true(begin < strstr(script, "create"));
        assert_non_null(strstr(begin + 1, "\ncommit;\nbegin;\nselect pg_advisory_xact_lock("));
        assert_string_equal(script + strlen(script) - strlen("\ncommit;\n"), "\ncommit;\n");
        free(script);
    }
}

static void every_statement_may_run_twice(void **state)
{
    static const char *const makers[][2] = {
        {"create table ", "if not exists "}, {"create schema ", "if not exists "},
        {"create index ", "if not exists "}, {"create unique index ", "if not exists "},
        {" add column ", "if not exists "},
    };
    (void)state;
    for (enum ddl_side side = DDL_SIDE_WRITE; side <= DDL_SIDE_READ; side++) {
        char *script = write_one(fields, side);
        for (size_t i = 0; i < countof(makers); i++)
            for (const char *at = script; (at = strstr(at, makers[i][0])) != NULL;) {
                at += strlen(makers[i][0]);
                assert_memory_equal(at, makers[i][1], strlen(makers[i][1]));
            }
        for (char *at = script; (at = strstr(at, "\ninsert into ")) != NULL; at++) {
            const char *end = strstr(at, ";\n"), *rule = strstr(at, "on conflict ");
            assert_true(rule != NULL && rule < end);
        }
        free(script);
    }
}

static void the_write_side_looks_up_what_is_unique(void **state)
{
    (void)state;
    char *script = write_one(fields, DDL_SIDE_WRITE);
    assert_has(script, "create table if not exists \"shop\".\"items\" (");
    assert_has(script, "add column if not exists \"code\" text generated always as "
                       "((body::jsonb ->> 'code')::text) stored;\n");
    assert_has(script, " on \"shop\".\"items\" (\"code\") where not deleted;\n");
    assert_has(script, " on \"shop\".\"items\" (\"both\") where not deleted;\n");
    assert_has(script, "create table if not exists mamparo.events (");
    assert_has(script, "create publication mamparo for table mamparo.events");
    assert_has_not(script, "->> 'kind'");
    assert_has_not(script, "->> 'none'");
    assert_has_not(script, "mamparo.cursors");
    free(script);
}

static void the_read_side_looks_up_what_filters(void **state)
{
    (void)state;
    char *script = write_one(fields, DDL_SIDE_READ);
    assert_has(script, "add column if not exists \"kind\" text generated always as "
                       "((body::jsonb ->> 'kind')::text) stored;\n");
    assert_has(script, " on \"shop\".\"items\" (\"kind\", created_at desc, id desc)");
    assert_has(script, " on \"shop\".\"items\" (\"both\", created_at desc, id desc)");
    assert_has(script, " on \"shop\".\"items\" (created_at desc, id desc)");
    assert_has(script, "insert into mamparo.totals values ('shop', 'items', 0)");
    assert_has_not(script, "unique index");
    assert_has_not(script, "->> 'code'");
    assert_has_not(script, "mamparo.events");
    free(script);
}

static void a_column_has_the_type_that_sorts_as_its_field(void **state)
{
    static const struct {
        const char *avro, *type, *column;
    } rows[] = {
        {"'boolean'", "boolean", "\"a\" boolean generated"},
        {"'int'", "bigint", "\"a\" bigint generated"},
        {"['null','long']", "bigint", "\"a\" bigint generated"},
        {"'double'", "double precision", "\"a\" double precision generated"},
        {"{'type':'enum','name':'E','symbols':['x']}", "text", "\"a\" text generated"},
        {"{'type':'string','logicalType':'uuid'}", "text", "\"a\" text generated"},
        {"{'type':'int','logicalType':'date'}", "text", "\"a\" text collate \"C\" generated"},
        {"['null',{'type':'long','logicalType':'timestamp-millis'}]", "text",
         "\"a\" text collate \"C\" generated"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct buf field = {0};
        buf_printf(&field, "{'name':'a','type':%s,'filter':true}", rows[i].avro);
        char *script = write_one(field.ptr, DDL_SIDE_READ);
        struct collection *collection = given_collection(field.ptr);
        assert_has(script, rows[i].column);
        assert_string_equal(ddl_column_type(&collection->fields[0]), rows[i].type);
        schema_free(&collection);
        buf_free(&field);
        free(script);
    }
}

static void an_order_has_an_index_in_which_nothing_is_null(void **state)
{
    static const struct {
        const char *avro, *columns;
    } rows[] = {
        {"'int'", "(\"a\", id)"},
        {"['null','int']", "(coalesce(\"a\", -9223372036854775808), id)"},
        {"['null','double']", "(coalesce(\"a\", '-Infinity'), id)"},
        {"['null',{'type':'int','logicalType':'date'}]", "(coalesce(\"a\", ''), id)"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct buf field = {0};
        buf_printf(&field, "{'name':'a','type':%s,'sort':true}", rows[i].avro);
        char *script = write_one(field.ptr, DDL_SIDE_READ);
        assert_has(script, rows[i].columns);
        assert_has(script, "\"items.a.sort\"");
        assert_has(script, "drop index if exists \"shop\".\"items.a.filter\"");
        assert_has(script, " on \"shop\".\"items\" (updated_at, id) where not deleted;\n");
        buf_free(&field);
        free(script);
    }
}

static void words_are_those_of_all_fields_that_are_searched(void **state)
{
    (void)state;
    char *script =
        write_one("{'name':'a','type':'string','search':true},{'name':'b','type':'string'},"
                  "{'name':'c','type':['null','string'],'default':null,'search':true}",
                  DDL_SIDE_READ);
    assert_has(script, "to_tsvector('mamparo.spanish', left(coalesce(body::jsonb ->> 'a', '') || "
                       "' ' || coalesce(body::jsonb ->> 'c', ''), 200000))");
    assert_has(script, "(copy = pg_catalog.spanish)");
    assert_has(script, " using gin (\"words.\") where not deleted;\n");
    free(script);
}

static void no_extension_is_made_where_nothing_needs_it(void **state)
{
    (void)state;
    char *script = write_one("{'name':'a','type':'int','filter':true}", DDL_SIDE_READ);
    assert_has_not(script, "extension");
    assert_has(script, "drop index if exists \"shop\".\"items.words.search\"");
    free(script);
    script = write_one("{'name':'a','type':'string','maxLength':9,'filter':true}", DDL_SIDE_READ);
    assert_has(script, "extension if not exists pg_trgm");
    assert_has(script, " using gin (\"a\" gin_trgm_ops) where not deleted;\n");
    assert_has_not(script, "unaccent");
    free(script);
}

/* PostgreSQL's fully reserved words that are tempting as names of columns. */
static void no_column_is_called_by_a_reserved_word(void **state)
{
    static const char *const words[] = {"only", "user",    "order", "table", "from",
                                        "to",   "primary", "when",  "limit", "offset"};
    (void)state;
    for (enum ddl_side side = DDL_SIDE_WRITE; side <= DDL_SIDE_READ; side++)
        for (size_t i = 0; i < countof(words); i++) {
            char *script = write_one(fields, side);
            struct buf column = {0};
            buf_printf(&column, "  %s ", words[i]);
            assert_has_not(script, column.ptr);
            buf_free(&column);
            free(script);
        }
}

static void a_quote_inside_a_schema_is_doubled(void **state)
{
    (void)state;
    char *script = write_one("{'name':'a','type':'string','default':'it`s ``'}", DDL_SIDE_WRITE);
    assert_has(script, "\"default\":\"it''s ''''\"");
    free(script);
}

/* The names of all indexes in a script, in their order; the caller frees each. */
static size_t index_names(const char *script, char *names[16])
{
    size_t count = 0;
    for (const char *at = script;
         (at = strstr(at, "index if not exists \"")) != NULL && count < 16;) {
        at += strlen("index if not exists \"");
        names[count++] = mem_copy(at, (size_t)(strchr(at, '"') - at));
    }
    return count;
}

/* "if not exists" would pass over the second one, and with it over a rule of the model. */
static void assert_names_differ(char *script, size_t expected)
{
    char *names[16];
    size_t count = index_names(script, names);
    assert_int_equal(count, expected);
    for (size_t i = 0; i < count; i++) {
        assert_in_range(strlen(names[i]), 1, 63);
        for (size_t j = 0; j < i; j++)
            if (strcmp(names[i], names[j]) == 0)
                fail_msg("two indexes are called %s", names[i]);
    }
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(script);
}

static void long_names_stay_within_postgresqls_63_bytes_and_differ(void **state)
{
#define LONG "a23456789_123456789_123456789_123456789_123456789_123456789_12"
    static const char *const names[] = {LONG "a", LONG "b"};
    static const char rows[] =
        "{'name':'" LONG "x','type':'int','filter':true,'sort':true,'unique':true},"
        "{'name':'" LONG "y','type':'int','filter':true,'sort':true,'unique':true}";
    (void)state;
    assert_names_differ(write_ddl(names, 2, rows, DDL_SIDE_WRITE), 4);
    assert_names_differ(write_ddl(names, 2, rows, DDL_SIDE_READ), 12);
#undef LONG
}

static void collections_and_fields_with_underscores_share_no_index_name(void **state)
{
    static const char *const names[] = {"a", "a_b"};
    static const char rows[] =
        "{'name':'b_c','type':'int','filter':true,'sort':true,'unique':true},"
        "{'name':'c','type':'int','filter':true,'sort':true,'unique':true}";
    (void)state;
    assert_names_differ(write_ddl(names, 2, rows, DDL_SIDE_WRITE), 4);
    assert_names_differ(write_ddl(names, 2, rows, DDL_SIDE_READ), 12);
}

/* Tables and indexes of a schema share one space of names. */
static void an_index_is_never_called_as_a_collection(void **state)
{
    static const char *const names[] = {"a", "a_b_unique"};
    (void)state;
    char *script = write_ddl(names, 2, "{'name':'b','type':'int','unique':true}", DDL_SIDE_WRITE);
    assert_has(script, "create table if not exists \"shop\".\"a_b_unique\"");
    assert_has_not(script, "index if not exists \"a_b_unique\"");
    free(script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_script_makes_tables_and_then_defaults_under_one_lock),
        cmocka_unit_test(every_statement_may_run_twice),
        cmocka_unit_test(the_write_side_looks_up_what_is_unique),
        cmocka_unit_test(the_read_side_looks_up_what_filters),
        cmocka_unit_test(a_column_has_the_type_that_sorts_as_its_field),
        cmocka_unit_test(an_order_has_an_index_in_which_nothing_is_null),
        cmocka_unit_test(words_are_those_of_all_fields_that_are_searched),
        cmocka_unit_test(no_extension_is_made_where_nothing_needs_it),
        cmocka_unit_test(no_column_is_called_by_a_reserved_word),
        cmocka_unit_test(a_quote_inside_a_schema_is_doubled),
        cmocka_unit_test(long_names_stay_within_postgresqls_63_bytes_and_differ),
        cmocka_unit_test(collections_and_fields_with_underscores_share_no_index_name),
        cmocka_unit_test(an_index_is_never_called_as_a_collection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
