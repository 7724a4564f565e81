/* Any text as the query string of a list: refused with a mistake, or pages and filters within what
 * the collection declares, in the order of its fields. */
#include "cqrs/query.h"

static const char schema[] =
    "{'type':'record','name':'All','fields':[{'name':'s','type':'string','maxLength':99,"
    "'filter':true},{'name':'b','type':'boolean','filter':true},{'name':'i','type':'int',"
    "'filter':true},{'name':'d','type':['null','double'],'filter':true},{'name':'e',"
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

static void check(const struct query *query)
{
    assert(query->page >= 1 && query->page <= INT32_MAX);
    assert(query->page_size >= 1 && query->page_size <= QUERY_PAGE_SIZE_MAX);
    assert(query->filter_count <= QUERY_FILTERS_MAX);
    for (size_t i = 0; i < query->filter_count; i++) {
        const struct query_filter *filter = &query->filters[i];
        assert(filter->field->is_filter && str_is_utf8(filter->value));
        assert(i == 0 || filter[-1].field < filter->field);
        assert(filter->value.ptr >= query->texts.ptr);
        assert(filter->value.ptr + filter->value.len <= query->texts.ptr + query->texts.len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct collection *collection;
    struct query query;
    struct problem problem = {0};
    if (collection == NULL)
        collection = make_collection();
    bool is_parsed =
        query_parse(collection, (struct str){(const char *)data, size}, &query, &problem);
    assert(is_parsed == (problem.mistake_count == 0));
    assert(is_parsed != problem_is_set(&problem));
    if (is_parsed)
        check(&query);
    query_free(&query);
    problem_free(&problem);
    return 0;
}
