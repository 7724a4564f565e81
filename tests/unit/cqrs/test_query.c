#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "cqrs/query/query.h"
#include "unit/model/given.h"

static struct collection *given_items(void)
{
    return given_collection(
        "{'name':'a','type':'string','maxLength':99,'filter':true},{'name':'b','type':'boolean','"
        "filter':true},"
        "{'name':'c','type':'int','filter':true},{'name':'d','type':'double','filter':true},"
        "{'name':'e','type':{'type':'enum','name':'E','symbols':['x','y']},'filter':true},"
        "{'name':'f','type':['null',{'type':'int','logicalType':'date'}],'filter':true},"
        "{'name':'g','type':{'type':'long','logicalType':'timestamp-millis'},'filter':true},"
        "{'name':'h','type':{'type':'string','logicalType':'uuid'},'filter':true},"
        "{'name':'i','type':'string','maxLength':99,'filter':true},{'name':'secret','type':'string'"
        "}");
}

/* "field=value" of every filter, one a line. */
static void write_filters(const struct query *query, struct buf *out)
{
    buf_append_text(out, "");
    for (size_t i = 0; i < query->filters.count; i++) {
        const struct filter *filter = &query->filters.items[i];
        buf_printf(out, "%s%s%s=" STR_FMT "\n", filter->field->name,
                   filter->op == LOOKUP_EQ ? "" : ".", lookup_op_name(filter->op),
                   STR_ARG(filter->value));
    }
}

/* An exact copy on the heap, so that ASan sees the first byte read beyond it. */
static bool parse(const struct collection *collection, const char *text, struct query *query,
                  struct problem *problem)
{
    size_t len = strlen(text);
    char *copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, text, len);
    bool is_parsed = query_parse(collection, QUERY_LIST, (struct str){copy, len}, query, problem);
    free(copy);
    assert_true(is_parsed != problem_is_set(problem));
    return is_parsed;
}

#define UUID "018f3e7c-0000-7000-8000-00000000000a"
static const struct {
    const char *text;
    int64_t page, page_size;
    const char *filters;
} taken[] = {
    {"", 1, 10, ""},
    {"&", 1, 10, ""},
    {"&&page=2&&", 2, 10, ""},
    {"page=2&page_size=100", 2, 100, ""},
    {"page_size=1", 1, 1, ""},
    {"page=2147483647", 2147483647, 10, ""},
    {"p%61ge=%32", 2, 10, ""},
    {"a=", 1, 10, "a=\n"},
    {"a", 1, 10, "a=\n"},
    {"a=1=2", 1, 10, "a=1=2\n"},
    {"a=x+y%20z%2Bw", 1, 10, "a=x y z+w\n"},
    {"a=%e2%82%AC%26%3D%25", 1, 10, "a=\xe2\x82\xac&=%\n"},
    {"a=\xe2\x82\xac", 1, 10, "a=\xe2\x82\xac\n"},
    {"a=page%26page=7", 1, 10, "a=page&page=7\n"},
    {"b=true&c=-7", 1, 10, "b=true\nc=-7\n"},
    {"c=-7&b=false&page=3", 3, 10, "b=false\nc=-7\n"},
    {"d=1.5&e=y&f=2026-11-21", 1, 10, "d=1.5\ne=y\nf=2026-11-21\n"},
    {"g=2026-11-21T09:15:30%2B01:00", 1, 10, "g=2026-11-21T08:15:30.000Z\n"},
    {"h=018F3E7C-0000-7000-8000-00000000000A", 1, 10, "h=" UUID "\n"},
    {"a.ne=x&a=y", 1, 10, "a=y\na.ne=x\n"},
    {"c.lt=5&c.gte=-5&c.gt=1&c.lte=2", 1, 10, "c.lt=5\nc.lte=2\nc.gt=1\nc.gte=-5\n"},
    {"a.in=x,y%22,\\", 1, 10, "a.in={\"x\",\"y\\\"\",\"\\\\\"}\n"},
    {"a.in=", 1, 10, "a.in={\"\"}\n"},
    {"a.in=,,", 1, 10, "a.in={\"\",\"\",\"\"}\n"},
    {"c.in=1,-2", 1, 10, "c.in={\"1\",\"-2\"}\n"},
    {"a.like=abc", 1, 10, "a.like=%abc%\n"},
    {"a.like=%25a_b\\%c3%b1%c3%b1%c3%b1", 1, 10, "a.like=%\\%a\\_b\\\\\xc3\xb1\xc3\xb1\xc3\xb1%\n"},
    {"f.null=true&e.null=false", 1, 10, "e.null=false\nf.null=true\n"},
    {"created_at.lt=2026-11-21T09:15:30%2B01:00", 1, 10,
     "created_at.lt=2026-11-21T08:15:30.000Z\n"},
    {"id=018F3E7C-0000-7000-8000-00000000000A", 1, 10, "id=" UUID "\n"},
    {"a=%27%20or%201%3D1%20--", 1, 10, "a=' or 1=1 --\n"},
    {"a=%24%31%3b+drop+table+%22shop%22.%22items%22;--\\", 1, 10,
     "a=$1; drop table \"shop\".\"items\";--\\\n"},
};

static void a_query_is_read_as_pages_and_filters(void **state)
{
    (void)state;
    struct collection *collection = given_items();
    for (size_t i = 0; i < countof(taken); i++) {
        struct query query;
        struct problem problem = {0};
        struct buf filters = {0};
        if (!parse(collection, taken[i].text, &query, &problem))
            fail_msg("%s: %s", taken[i].text, problem.mistakes.ptr);
        write_filters(&query, &filters);
        assert_string_equal(filters.ptr, taken[i].filters);
        assert_int_equal(query.page, taken[i].page);
        assert_int_equal(query.page_size, taken[i].page_size);
        query_free(&query);
        buf_free(&filters);
    }
    schema_free(&collection);
}

static void the_collection_says_how_long_a_page_is(void **state)
{
    (void)state;
    struct buf text = {0}, mistakes = {0};
    struct query query;
    struct problem problem = {0};
    given_text("{'type':'record','name':'Item','pageSize':25,'fields':[{'name':'a','type':'int'}]}",
               &text);
    struct collection *collection =
        schema_load("f", STR("shop"), STR("items"), buf_str(&text), &mistakes);
    assert_non_null(collection);
    assert_true(parse(collection, "page=4", &query, &problem));
    assert_int_equal(query.page_size, 25);
    query_free(&query);
    assert_true(parse(collection, "page_size=5", &query, &problem));
    assert_int_equal(query.page_size, 5);
    query_free(&query);
    schema_free(&collection);
    buf_free(&text);
}

#define ALLOWED                                                                                    \
    "is no parameter here; allowed are page, page_size, cursor, sort, fields, q, a, b, c, d, e, "  \
    "f, g, h, i, id, created_at, updated_at"
#define PAGE     "must be a whole number from 1 up"
#define SIZE     "must be a whole number from 1 to 100"
#define ENCODING "is not percent-encoded UTF-8"

/* The query, the parameter, and what is said of it; NULL: whatever is said. */
static const char *const one_mistake[][3] = {
    {"x=1", "x", ALLOWED},
    {"x", "x", ALLOWED},
    {"secret=1", "secret", ALLOWED},
    {"A=1", "A", ALLOWED},
    {"Page=1", "Page", ALLOWED},
    {"+a=1", " a", ALLOWED},
    {"=1", "", ALLOWED},
    {"a;b=1", "a;b", ALLOWED},
    {"a%22=1", "a\\\"", ALLOWED},
    {"page=0", "page", PAGE},
    {"page=-1", "page", PAGE},
    {"page=", "page", PAGE},
    {"page", "page", PAGE},
    {"page=1.0", "page", PAGE},
    {"page=+1", "page", PAGE},
    {"page=2147483648", "page", PAGE},
    {"page=99999999999999999999", "page", PAGE},
    {"page_size=0", "page_size", SIZE},
    {"page_size=101", "page_size", SIZE},
    {"page_size=ten", "page_size", SIZE},
    {"page=1&page=2", "page", "is given twice"},
    {"page=1&page=1", "page", "is given twice"},
    {"page_size=5&page_size=6", "page_size", "is given twice"},
    {"a=1&a=2", "a", "is given twice"},
    {"a=1&b=true&a=1", "a", "is given twice"},
    {"b=yes", "b", NULL},
    {"b=", "b", NULL},
    {"c=1.5", "c", NULL},
    {"c=2147483648", "c", NULL},
    {"c=1%3b", "c", NULL},
    {"d=x", "d", NULL},
    {"d=nan", "d", NULL},
    {"d=1e999", "d", NULL},
    {"e=z", "e", NULL},
    {"e=X", "e", NULL},
    {"f=2023-02-29", "f", NULL},
    {"g=2026-11-21", "g", NULL},
    {"h=018f3e7c", "h", NULL},
    {"a.=1", "a.", ALLOWED},
    {"a.x=1", "a.x",
     "is not how this field can be asked; allowed are a, .ne, .lt, .lte, .gt, "
     ".gte, .in, .like, .null"},
    {"b.lt=true", "b.lt", "is not how this field can be asked; allowed are b, .ne, .null"},
    {"e.gt=x", "e.gt", "is not how this field can be asked; allowed are e, .ne, .in, .null"},
    {"a.like=ab", "a.like", "must have at least 3 letters or digits in a row"},
    {"a.like=a-b-c%25%25", "a.like", "must have at least 3 letters or digits in a row"},
    {"a.like=%c3%b1%c3%b1", "a.like", "must have at least 3 letters or digits in a row"},
    {"f.null=yes", "f.null", "must be true or false"},
    {"a.ne=1&a.ne=1", "a.ne", "is given twice"},
    {"c.in=1,x", "c.in", NULL},
    {"c.in=", "c.in", NULL},
    {"sort=a", "sort", NULL},
    {"fields=a,x", "fields", NULL},
    {"q=x", "q", "no field of this collection is searched"},
    {"cursor=x", "cursor", NULL},
    {"cursor=", "cursor", NULL},
    {"by=a", "by", ALLOWED},
    {"a=%", "a", ENCODING},
    {"a=%4", "a", ENCODING},
    {"a=%4g", "a", ENCODING},
    {"a=%g4", "a", ENCODING},
    {"a=%00", "a", ENCODING},
    {"a=x%00y", "a", ENCODING},
    {"a=%ff", "a", ENCODING},
    {"a=%c0%af", "a", ENCODING},
    {"a=%ed%a0%80", "a", ENCODING},
    {"a=\xff", "a", ENCODING},
    {"%=1", "?", ENCODING},
    {"%ff=1", "?", ENCODING},
    {"\xc3=\xa9", "?", ENCODING},
    {"a=1&b=true&c=1&d=1&e=x&f=2026-11-21&g=2026-11-21T00:00:00Z&h=" UUID "&i=1", "i",
     "is one filter too many: at most 8"},
};

static void each_mistake_is_named_with_its_parameter(void **state)
{
    (void)state;
    struct collection *collection = given_items();
    for (size_t i = 0; i < countof(one_mistake); i++) {
        struct query query;
        struct problem problem = {0};
        struct buf wanted = {0};
        if (parse(collection, one_mistake[i][0], &query, &problem))
            fail_msg("%s was taken", one_mistake[i][0]);
        const char *detail = one_mistake[i][2];
        buf_printf(&wanted, "{\"parameter\":\"%s\",\"detail\":\"%s%s", one_mistake[i][1],
                   detail == NULL ? "" : detail, detail == NULL ? "" : "\"}");
        if (strncmp(problem.mistakes.ptr, wanted.ptr, wanted.len) != 0)
            fail_msg("%s: %s", one_mistake[i][0], problem.mistakes.ptr);
        assert_int_equal(problem.mistake_count, 1);
        assert_int_equal(problem.status, STATUS_BAD_REQUEST);
        query_free(&query);
        problem_free(&problem);
        buf_free(&wanted);
    }
    schema_free(&collection);
}

static void all_mistakes_are_named_at_once(void **state)
{
    (void)state;
    struct collection *collection = given_items();
    struct query query;
    struct problem problem = {0};
    assert_false(
        parse(collection, "page=x&a=%ff&page_size=0&y=1&b=2&b=true&a=1", &query, &problem));
    assert_int_equal(problem.mistake_count, 5);
    static const char *const wanted[] = {"page", "a", "page_size", "y", "b"};
    struct str rest = buf_str(&problem.mistakes);
    for (size_t i = 0; i < countof(wanted); i++) {
        struct buf start = {0};
        buf_printf(&start, "{\"parameter\":\"%s\"", wanted[i]);
        const char *at = memmem(rest.ptr, rest.len, start.ptr, start.len);
        assert_non_null(at);
        rest.len -= (size_t)(at - rest.ptr);
        rest.ptr = at;
        buf_free(&start);
    }
    query_free(&query);
    problem_free(&problem);
    schema_free(&collection);
}

/* The one of `count`! orders with that number. */
static void permute(size_t number, size_t *order, size_t count)
{
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    for (size_t i = count; i > 1; i--) {
        size_t other = number % i, kept = order[i - 1];
        number /= i;
        order[i - 1] = order[other];
        order[other] = kept;
    }
}

static void in_whatever_order_filters_come_they_are_one_statement(void **state)
{
    static const char *const parts[] = {"e=x", "b=true", "page=3", ("h=" UUID), "a=z%20"};
    (void)state;
    struct collection *collection = given_items();
    for (size_t number = 0; number < 120; number++) {
        size_t order[countof(parts)];
        struct buf text = {0}, filters = {0};
        struct query query;
        struct problem problem = {0};
        permute(number, order, countof(parts));
        for (size_t i = 0; i < countof(parts); i++)
            buf_printf(&text, "%s%s", i == 0 ? "" : "&", parts[order[i]]);
        assert_true(parse(collection, text.ptr, &query, &problem));
        write_filters(&query, &filters);
        assert_string_equal(filters.ptr, "a=z \nb=true\ne=x\nh=" UUID "\n");
        assert_int_equal(query.page, 3);
        query_free(&query);
        buf_free(&text);
        buf_free(&filters);
    }
    schema_free(&collection);
}

static void the_values_of_many_long_filters_do_not_move(void **state)
{
    (void)state;
    struct collection *collection = given_items();
    struct buf text = {0};
    struct query query;
    struct problem problem = {0};
    buf_append_text(&text, "g=2026-11-21T00:00:00Z&a=");
    for (int i = 0; i < 5000; i++)
        buf_append_text(&text, "%C3%A9");
    buf_append_text(&text, "&c=1&i=");
    for (int i = 0; i < 5000; i++)
        buf_append_char(&text, 'i');
    assert_true(parse(collection, text.ptr, &query, &problem));
    assert_int_equal(query.filters.count, 4);
    assert_int_equal(query.filters.items[0].value.len, 10000);
    assert_int_equal(query.filters.items[3].value.ptr[4999], 'i');
    for (size_t i = 0; i < query.filters.count; i++)
        assert_in_range(query.filters.items[i].value.ptr - query.texts.ptr, 0, query.texts.len - 1);
    query_free(&query);
    buf_free(&text);
    schema_free(&collection);
}

/* A list whose newest are asked for by title, in `text`, with the cursor of `of`. */
static bool is_continued(const struct collection *collection, const char *of, const char *text)
{
    struct query query;
    struct problem problem = {0};
    struct cursor_seal seal;
    struct cursor cursor = {
        .before = 7, .keys = {STR("2026-11-21T08:15:30.000Z"), STR(UUID)}, .count = 2};
    struct buf whole = {0};
    assert_true(parse(collection, of, &query, &problem));
    query_seal(collection, &query, &seal);
    query_free(&query);
    buf_printf(&whole, "%s&cursor=", text);
    cursor_write(&cursor, &seal, &whole);
    bool is_taken = parse(collection, whole.ptr, &query, &problem);
    assert_true(is_taken == query.has_cursor);
    assert_true(!is_taken || query.cursor.before == 7);
    query_free(&query);
    problem_free(&problem);
    buf_free(&whole);
    return is_taken;
}

static void a_cursor_goes_on_with_the_same_list_and_no_other(void **state)
{
    (void)state;
    struct collection *collection = given_items();
    assert_true(is_continued(collection, "", "page_size=3&fields=a"));
    assert_true(is_continued(collection, "", "sort=-created_at"));
    assert_true(is_continued(collection, "a=1&b.ne=true", "b.ne=true&a=1"));
    assert_false(is_continued(collection, "", "a=1"));
    assert_false(is_continued(collection, "a=1", "a=2"));
    assert_false(is_continued(collection, "a=1", "a.ne=1"));
    assert_false(is_continued(collection, "a=1", "i=1"));
    assert_false(is_continued(collection, "a=1", ""));
    assert_false(is_continued(collection, "", "sort=created_at"));
    assert_false(is_continued(collection, "", "page=2"));
    schema_free(&collection);
}

/* Where nobody set a key, anyone could seal: what is no key of the sort must not reach SQL. */
static void a_cursor_with_keys_of_another_order_is_refused_whoever_sealed_it(void **state)
{
    (void)state;
    struct collection *collection = given_items();
    assert_false(
        is_continued(collection, "sort=updated_at,created_at", "sort=updated_at,created_at"));
    schema_free(&collection);
}

static void what_is_decoded_is_appended(void **state)
{
    (void)state;
    struct buf out = {0};
    assert_true(query_decode(STR("a%2f"), &out));
    assert_true(query_decode(STR(""), &out));
    assert_true(query_decode(STR("%2F+"), &out));
    assert_string_equal(out.ptr, "a// ");
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_is_read_as_pages_and_filters),
        cmocka_unit_test(the_collection_says_how_long_a_page_is),
        cmocka_unit_test(each_mistake_is_named_with_its_parameter),
        cmocka_unit_test(all_mistakes_are_named_at_once),
        cmocka_unit_test(in_whatever_order_filters_come_they_are_one_statement),
        cmocka_unit_test(the_values_of_many_long_filters_do_not_move),
        cmocka_unit_test(a_cursor_goes_on_with_the_same_list_and_no_other),
        cmocka_unit_test(a_cursor_with_keys_of_another_order_is_refused_whoever_sealed_it),
        cmocka_unit_test(what_is_decoded_is_appended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
