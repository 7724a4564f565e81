/* Any text as the query string of a list, of its counts and of a history: refused with a mistake,
 * or within what the collection declares; whatever it holds is written into the statement by names
 * of the model's alone. */
#include "cqrs/query/query.h"

static const char schema[] =
    "{'type':'record','name':'All','fields':[{'name':'s','type':'string','maxLength':99,"
    "'filter':true,'sort':true,'search':true},{'name':'b','type':'boolean','filter':true},{'name':'"
    "i','type':'int',"
    "'filter':true},{'name':'d','type':['null','double'],'filter':true,'sort':true},{'name':'e',"
    "'type':{'type':'enum','name':'E','symbols':['x','y']},'filter':true},{'name':'day',"
    "'type':{'type':'int','logicalType':'date'},'filter':true},{'name':'t','type':{'type':'long',"
    "'logicalType':'timestamp-millis'},'filter':true},{'name':'u','type':{'type':'string',"
    "'logicalType':'uuid'},'filter':true},{'name':'none','type':'string'}]}";

static struct collection *make_collection(void)
{
    struct buf text = {0}, mistakes = {0};
    for (const char *c = schema; *c != '\0'; c++)
        buf_append_char(&text, *c == '\'' ? '"' : *c);
    struct collection *collection =
        schema_load("s", STR("medical"), STR("all"), buf_str(&text), &mistakes);
    assert(collection != NULL);
    buf_free(&text);
    return collection;
}

static bool is_borrowed(const struct query *query, struct str text)
{
    return text.ptr >= query->texts.ptr &&
           text.ptr + text.len <= query->texts.ptr + query->texts.len;
}

static void check_filters(const struct query *query)
{
    assert(query->filters.count <= FILTERS_MAX);
    for (size_t i = 0; i < query->filters.count; i++) {
        const struct filter *filter = &query->filters.items[i];
        assert(filter->field->is_filter && lookup_takes(filter->field, filter->op));
        assert(str_is_utf8(filter->value) && is_borrowed(query, filter->value));
        assert(i == 0 || strcmp(filter[-1].field->name, filter->field->name) < 0 ||
               filter[-1].op < filter->op);
    }
}

/* SQL is written of what the model says: no byte of it is outside of these. */
static void check_sql(const struct query *query)
{
    struct buf sql = {0};
    for (size_t i = 0; i < query->filters.count; i++)
        filter_write(&query->filters.items[i], 1, &sql);
    sort_write_order(&query->sort, &sql);
    sort_write_behind(&query->sort, 1, &sql);
    assert(!query->has_cursor); /* nobody guesses a seal */
    for (size_t i = 0; i < sql.len; i++)
        assert(sql.ptr[i] >= ' ' && sql.ptr[i] < 0x7f && sql.ptr[i] != ';');
    buf_free(&sql);
}

static void check(const struct query *query, enum query_kind kind)
{
    assert(query->page >= 1 && query->page <= INT32_MAX);
    assert(query->page_size >= 1 && query->page_size <= QUERY_PAGE_SIZE_MAX);
    assert((kind == QUERY_STATS) == (query->by != NULL));
    assert(query->search.len == 0 || is_borrowed(query, query->search));
    for (size_t i = 0; i < query->member_count; i++)
        assert(is_borrowed(query, query->members[i]));
    check_filters(query);
    check_sql(query);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct collection *collection;
    if (collection == NULL)
        collection = make_collection();
    for (enum query_kind kind = QUERY_PAGES; kind <= QUERY_STATS; kind++) {
        struct query query;
        struct problem problem = {0};
        bool is_parsed =
            query_parse(collection, kind, (struct str){(const char *)data, size}, &query, &problem);
        assert(is_parsed == (problem.mistake_count == 0));
        assert(is_parsed != problem_is_set(&problem));
        if (is_parsed)
            check(&query, kind);
        query_free(&query);
        problem_free(&problem);
    }
    return 0;
}
