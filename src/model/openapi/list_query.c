#include "model/openapi/list_query.h"

#include "model/lookup/lookup.h"
#include "model/openapi/literal.h"
#include "model/openapi/record_schema.h"

/* A query parameter; takes the schema over. */
static void push(struct json *parameters, const char *name, const char *description,
                 struct json *schema)
{
    struct json *parameter = json_make_object();
    json_put(parameter, "name", json_make_string(str_from(name)));
    json_put(parameter, "in", json_make_string(STR("query")));
    json_put(parameter, "description", json_make_string(str_from(description)));
    if (str_equal(json_find_text(schema, "type", STR("")), STR("array")))
        literal_join(parameter, literal_json("{'style':'form','explode':false}"));
    json_put(parameter, "schema", schema);
    json_push(parameters, parameter);
}

/* Filters */

static const char *const meanings[LOOKUP_OP_COUNT] = {
    [LOOKUP_EQ] = "Those that have this value.",
    [LOOKUP_NE] = "Those that have another value.",
    [LOOKUP_LT] = "Those below.",
    [LOOKUP_LTE] = "Those below or equal.",
    [LOOKUP_GT] = "Those above.",
    [LOOKUP_GTE] = "Those above or equal.",
    [LOOKUP_IN] = "Those that have one of these values.",
    [LOOKUP_LIKE] = "Those that contain this, in either case: 3 letters in a row or more.",
    [LOOKUP_NULL] = "true: those that have none; false: the others.",
};

static struct json *value_schema(const struct field *field)
{
    if (field->shape.avro != NULL)
        return record_schema_make_filter(field);
    return literal_json("{'type':'string','format':'%s'}",
                        field->shape.type == FIELD_TYPE_UUID ? "uuid" : "date-time");
}

static struct json *op_schema(const struct field *field, enum lookup_op op)
{
    if (op == LOOKUP_NULL)
        return literal_json("{'type':'boolean'}");
    if (op == LOOKUP_LIKE)
        return literal_json("{'type':'string','minLength':3}");
    if (op != LOOKUP_IN)
        return value_schema(field);
    struct json *schema = literal_json("{'type':'array','maxItems':%d}", LOOKUP_ITEMS_MAX);
    json_put(schema, "items", value_schema(field));
    return schema;
}

static bool is_among(const char *name, const char *const *taken)
{
    while (*taken != NULL && strcmp(*taken, name) != 0)
        taken++;
    return *taken != NULL;
}

static void push_filter(struct json *parameters, const struct field *field,
                        const char *const *taken)
{
    for (int op = 0; op < LOOKUP_OP_COUNT; op++) {
        struct buf name = {0};
        if (!field->is_filter || !lookup_takes(field, (enum lookup_op)op))
            continue;
        buf_printf(&name, "%s%s%s", field->name, op == LOOKUP_EQ ? "" : ".",
                   lookup_op_name((enum lookup_op)op));
        /* Under these names the query understands something else. */
        if (!is_among(name.ptr, taken))
            push(parameters, name.ptr,
                 op == LOOKUP_EQ && field->privacy != PRIVACY_NONE
                     ? "Those that have this value, as it is kept."
                     : meanings[op],
                 op_schema(field, (enum lookup_op)op));
        buf_free(&name);
    }
}

static void push_filters(struct json *parameters, const struct collection *collection,
                         const char *const *taken)
{
    for (size_t i = 0; i < collection->field_count; i++)
        push_filter(parameters, &collection->fields[i], taken);
    for (size_t i = 0; i < LOOKUP_BASE_COUNT; i++)
        push_filter(parameters, lookup_base(i), taken);
}

static void push_search(struct json *parameters, const struct collection *collection,
                        const char *description)
{
    if (lookup_has_search(collection))
        push(parameters, "q", description,
             literal_json("{'type':'string','minLength':1,'maxLength':200}"));
}

/* Lists of names */

static void push_name(struct json *names, const char *sign, const char *name)
{
    struct buf text = {0};
    buf_printf(&text, "%s%s", sign, name);
    json_push(names, json_make_string(buf_str(&text)));
    buf_free(&text);
}

static void push_directions(struct json *names, const struct field *field)
{
    if (!field->is_sort)
        return;
    push_name(names, "", field->name);
    push_name(names, "-", field->name);
}

static struct json *names_schema(struct json *names, int most)
{
    struct json *schema =
        literal_json("{'type':'array','maxItems':%d,'items':{'type':'string'}}", most);
    json_put(json_find(schema, "items"), "enum", names);
    return schema;
}

static void push_sort(struct json *parameters, const struct collection *collection)
{
    struct json *names = json_make_array();
    for (size_t i = 0; i < LOOKUP_BASE_COUNT; i++)
        push_directions(names, lookup_base(i));
    for (size_t i = 0; i < collection->field_count; i++)
        push_directions(names, &collection->fields[i]);
    push(parameters, "sort",
         "The order; - is descending, null comes first, the id decides between equals. Without it "
         "the newest come first, or what fits a search best.",
         names_schema(names, LOOKUP_SORT_MAX));
}

static void push_members(struct json *parameters, const struct collection *collection)
{
    struct json *names = literal_json("['id','version','created_at','updated_at','created_by',"
                                      "'updated_by']");
    for (size_t i = 0; i < collection->field_count; i++)
        push_name(names, "", collection->fields[i].name);
    push(parameters, "fields", "Which members of the records; the id is always there.",
         names_schema(names, 64));
}

void list_query_push_list(struct json *parameters, const struct collection *collection)
{
    static const char *const taken[] = {"page", "page_size", "cursor", "sort", "fields", "q", NULL};
    push_sort(parameters, collection);
    push_members(parameters, collection);
    push_search(parameters, collection, "Words to search for, ranked without a sort.");
    push_filters(parameters, collection, taken);
}

void list_query_push_stats(struct json *parameters, const struct collection *collection)
{
    static const char *const taken[] = {"by", "q", NULL};
    struct json *names = json_make_array(), *schema = literal_json("{'type':'string'}");
    for (size_t i = 0; i < collection->field_count; i++)
        if (collection->fields[i].is_filter)
            push_name(names, "", collection->fields[i].name);
    json_put(schema, "enum", names);
    push(parameters, "by", "The field whose values are counted.", schema);
    literal_join(json_item(parameters, json_count(parameters) - 1),
                 literal_json("{'required':true}"));
    push_search(parameters, collection, "Words to search for.");
    push_filters(parameters, collection, taken);
}
