#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "cqrs/query/list_sql.h"
#include "cqrs/query/members.h"
#include "fake/pg_pool.h"
#include "unit/model/given.h"

static struct collection *given_items(void)
{
    return given_collection(
        "{'name':'a','type':'string','maxLength':99,'filter':true,'sort':true,'search':true},"
        "{'name':'n','type':['null','int'],'default':null,'filter':true,'sort':true},"
        "{'name':'e','type':{'type':'enum','name':'E','symbols':['x','y']},'filter':true,"
        "'sort':true}");
}

static void free_statement(const struct pg_statement *statement)
{
    free(statement->sql);
    free((void *)(uintptr_t)statement);
}

/* Parses and writes, for a pool of its own; the values joined by '|'. */
static const struct pg_statement *write_sql(const char *text, enum query_kind kind,
                                            struct buf *values_out)
{
    struct pg_pool pool = {0};
    struct collection *collection = given_items();
    struct query query;
    struct problem problem = {0};
    struct pg_values values = {0};
    if (!query_parse(collection, kind, str_from(text), &query, &problem))
        fail_msg("%s: %s", text, problem.mistakes.ptr);
    const struct pg_statement *statement = kind == QUERY_STATS
                                               ? list_sql_stats(&pool, collection, &query, &values)
                                               : list_sql_page(&pool, collection, &query, &values);
    assert_int_equal(values.count, statement->parameter_count);
    buf_append_text(values_out, "");
    struct fake_query fake = {.values = values};
    for (int i = 0; i < values.count; i++)
        buf_printf(values_out, "%s" STR_FMT, i == 0 ? "" : "|",
                   STR_ARG(fake_query_value(&fake, i)));
    pg_values_free(&values);
    query_free(&query);
    schema_free(&collection);
    return statement;
}

static void what_a_client_says_travels_as_a_value(void **state)
{
    static const struct {
        const char *text, *part, *values;
        enum query_kind kind;
    } rows[] = {
        {"",
         " order by \"created_at\" desc, \"id\" desc limit 101) as page on true"
         " limit $1::bigint offset $2::bigint",
         "11|0", QUERY_LIST},
        {"page=3", " desc limit $1::bigint offset $2::bigint) as page on true", "11|20",
         QUERY_LIST},
        {"page=3&page_size=5", "select total from mamparo.totals", "6|10", QUERY_LIST},
        {"a=x%27", "where not deleted and \"a\" = $3::text", "11|0|x'", QUERY_LIST},
        {"n.lt=5&n.null=false&a.in=p,q",
         "and \"a\" = any($3::text[]) and \"n\" < $4::bigint and \"n\" is not null",
         "11|0|{\"p\",\"q\"}|5", QUERY_LIST},
        {"a.like=abc&q=w",
         "\"words.\" @@ websearch_to_tsquery('mamparo.spanish', $3::text) and "
         "\"a\" ilike $4::text",
         "11|0|w|%abc%", QUERY_LIST},
        {"q=w", "ts_rank(\"words.\", websearch_to_tsquery('mamparo.spanish', $3::text))", "11|0|w",
         QUERY_LIST},
        {"sort=-n,a", " order by coalesce(\"n\", -9223372036854775808) desc, \"a\", \"id\" limit",
         "11|0", QUERY_LIST},
        {"by=e&q=w&a=z",
         "@@ websearch_to_tsquery('mamparo.spanish', $1::text) and \"a\" = $2::text"
         " group by 1)",
         "w|z", QUERY_STATS},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct buf values = {0};
        const struct pg_statement *statement = write_sql(rows[i].text, rows[i].kind, &values);
        if (strstr(statement->sql, rows[i].part) == NULL)
            fail_msg("%s: %s", rows[i].text, statement->sql);
        assert_string_equal(values.ptr, rows[i].values);
        free_statement(statement);
        buf_free(&values);
    }
}

static void only_what_clients_cannot_multiply_is_kept(void **state)
{
    static const struct {
        const char *text;
        bool is_kept;
    } rows[] = {
        {"", true},         {"page=2&page_size=3", true}, {"sort=-n", true},
        {"a=x", true},      {"fields=a", true},           {"sort=a,n", false},
        {"a=x&n=1", false}, {"a=x&sort=a", false},        {"a.ne=x", false},
        {"q=x", false},     {"q=x&sort=a", false},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct buf values = {0};
        const struct pg_statement *statement = write_sql(rows[i].text, QUERY_LIST, &values);
        if (rows[i].is_kept != (statement->number < PG_STATEMENTS_MAX))
            fail_msg("%s", rows[i].text);
        free_statement(statement);
        buf_free(&values);
    }
}

/* Writes what comes behind a row of that sort, with keys from $7 on. */
static void assert_behind(const struct sort *sort, const char *expected)
{
    struct buf sql = {0};
    sort_write_behind(sort, 7, &sql);
    assert_string_equal(sql.ptr, expected);
    buf_free(&sql);
}

static void what_comes_behind_a_row_is_said_as_the_index_has_it(void **state)
{
    (void)state;
    struct collection *collection = given_items();
    struct problem problem = {0};
    struct sort newest = {0}, one = {0}, two = {0};
    sort_take(collection, STR("-n"), &one, &problem);
    sort_take(collection, STR("a,-n"), &two, &problem);
    assert_false(problem_is_set(&problem));
    assert_behind(&newest, "(\"created_at\", \"id\") < ($7::timestamptz, $8::uuid)");
    assert_behind(&one, "(coalesce(\"n\", -9223372036854775808), \"id\") < "
                        "(coalesce($7::bigint, -9223372036854775808), $8::uuid)");
    assert_behind(&two, "\"a\" >= $7::text and (\"a\" > $7::text or (\"a\" = $7::text and ("
                        "coalesce(\"n\", -9223372036854775808) < coalesce($8::bigint, "
                        "-9223372036854775808) or (coalesce(\"n\", -9223372036854775808) = "
                        "coalesce($8::bigint, -9223372036854775808) and (\"id\" < $9::uuid)))))");
    schema_free(&collection);
}

static void members_are_chosen_in_the_order_of_the_record(void **state)
{
    static const struct str records =
        STR("{\"id\":1,\"a\":\"x,}\",\"n\":null},{\"id\":2,\"a\":\"\",\"n\":[1,{\"id\":3}]}");
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"fields=n,id", "{\"id\":1,\"n\":null},{\"id\":2,\"n\":[1,{\"id\":3}]}"},
        {"fields=a", "{\"id\":1,\"a\":\"x,}\"},{\"id\":2,\"a\":\"\"}"},
        {"", "{\"id\":1,\"a\":\"x,}\",\"n\":null},{\"id\":2,\"a\":\"\",\"n\":[1,{\"id\":3}]}"},
    };
    (void)state;
    struct collection *collection = given_items();
    for (size_t i = 0; i < countof(rows); i++) {
        struct query query;
        struct problem problem = {0};
        struct buf out = {0};
        assert_true(query_parse(collection, QUERY_LIST, str_from(rows[i].text), &query, &problem));
        members_write(&query, records, &out);
        assert_string_equal(out.ptr, rows[i].expected);
        query_free(&query);
        buf_free(&out);
    }
    schema_free(&collection);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_client_says_travels_as_a_value),
        cmocka_unit_test(only_what_clients_cannot_multiply_is_kept),
        cmocka_unit_test(what_comes_behind_a_row_is_said_as_the_index_has_it),
        cmocka_unit_test(members_are_chosen_in_the_order_of_the_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
