#include "model/openapi/record_schema.h"

#include <math.h>

#include "model/openapi/ecma_pattern.h"
#include "model/openapi/literal.h"

static struct str record_name(const struct collection *collection)
{
    return json_find_text(collection->schema, "name", STR(""));
}

static bool has_namesake(const struct model *model, const struct collection *collection)
{
    const struct service *service = model_find_service(model, str_from(collection->service));
    for (size_t i = 0; i < service->collection_count; i++)
        if (service->collections[i] != collection &&
            str_equal(record_name(service->collections[i]), record_name(collection)))
            return true;
    return false;
}

void record_schema_write_name(const struct model *model, const struct collection *collection,
                              enum record_use use, struct buf *out)
{
    static const char *const endings[RECORD_USE_COUNT] = {"", ".input", ".patch", ".change"};
    buf_printf(out, "%s." STR_FMT, collection->service, STR_ARG(record_name(collection)));
    if (has_namesake(model, collection))
        buf_printf(out, "-%s", collection->name);
    buf_append_text(out, endings[use]);
}

/* Types */

static struct json *fields_schema(const struct json *fields, const struct field *rules,
                                  enum record_use use);

static struct json *scalar_schema(enum field_type type)
{
    static const char *const texts[] = {
        [FIELD_TYPE_STRING] = "{'type':'string'}",
        [FIELD_TYPE_BOOLEAN] = "{'type':'boolean'}",
        [FIELD_TYPE_INT] = "{'type':'integer','format':'int32'}",
        [FIELD_TYPE_LONG] = "{'type':'integer','format':'int64'}",
        [FIELD_TYPE_DOUBLE] = "{'type':'number','format':'double'}",
        [FIELD_TYPE_ENUM] = "{'type':'string'}",
        [FIELD_TYPE_DATE] = "{'type':'string','format':'date'}",
        [FIELD_TYPE_TIMESTAMP] = "{'type':'string','format':'date-time'}",
        [FIELD_TYPE_UUID] = "{'type':'string','format':'uuid'}",
        [FIELD_TYPE_ARRAY] = "{'type':'array'}",
    };
    return literal_json("%s", texts[type]);
}

static void allow_null(struct json *schema)
{
    struct json *types = json_make_array(), *symbols = json_find(schema, "enum");
    json_push(types, json_share(json_find(schema, "type")));
    json_push(types, json_make_string(STR("null")));
    json_put(schema, "type", types);
    if (symbols != NULL)
        json_push(symbols, json_make_null());
}

static void put_symbols(struct json *schema, const struct json *symbols)
{
    struct json *copy = json_make_array();
    for (size_t i = 0; i < json_count(symbols); i++)
        json_push(copy, json_share(json_item(symbols, i)));
    json_put(schema, "enum", copy);
}

static struct json *type_schema(const struct json *avro, enum record_use use)
{
    struct field_shape shape;
    bool is_taken = schema_shape(avro, &shape);
    assert(is_taken); /* schema_load looked */
    struct json *schema = shape.type == FIELD_TYPE_RECORD
                              ? fields_schema(json_find(shape.avro, "fields"), NULL, use)
                              : scalar_schema(shape.type);
    if (shape.type == FIELD_TYPE_ENUM)
        put_symbols(schema, json_find(shape.avro, "symbols"));
    if (shape.type == FIELD_TYPE_ARRAY) /* RFC 7396 replaces an array as a whole */
        json_put(schema, "items",
                 type_schema(json_find(shape.avro, "items"),
                             use == RECORD_USE_SERVED ? use : RECORD_USE_INPUT));
    if (shape.is_nullable)
        allow_null(schema);
    return schema;
}

/* Rules: what a collection's own field may be, and what becomes of it */

static struct json *number_of(double value)
{
    bool is_whole = value == floor(value) && fabs(value) < 1e15;
    return is_whole ? json_make_integer((int64_t)value) : json_make_real(value);
}

static bool is_number(enum field_type type)
{
    return type == FIELD_TYPE_INT || type == FIELD_TYPE_LONG || type == FIELD_TYPE_DOUBLE;
}

/* Minimum and the like say nothing of null, so they stand beside it. */
static void put_rules(struct json *schema, const struct field *field, struct str pattern)
{
    if (field->min_length > 0)
        json_put(schema, "minLength", json_make_integer(field->min_length));
    if (field->max_length < INT64_MAX)
        json_put(schema, "maxLength", json_make_integer(field->max_length));
    if (field->pattern != NULL && ecma_pattern_says_same(pattern))
        json_put(schema, "pattern", json_make_string(pattern));
    if (field->is_email && field->shape.type == FIELD_TYPE_STRING)
        json_put(schema, "format", json_make_string(STR("email")));
    if (is_number(field->shape.type) && isfinite(field->minimum))
        json_put(schema, "minimum", number_of(field->minimum));
    if (is_number(field->shape.type) && isfinite(field->maximum))
        json_put(schema, "maximum", number_of(field->maximum));
}

static void add_sentence(struct buf *out, struct str sentence)
{
    if (out->len > 0 && sentence.len > 0)
        buf_append_char(out, ' ');
    buf_append_str(out, sentence);
}

static void add_privacy(struct buf *out, const struct field *field)
{
    bool is_text = field->shape.type == FIELD_TYPE_STRING;
    const char *const kept[] = {
        [PRIVACY_NONE] = "",
        [PRIVACY_PSEUDONYM] = "Personal: only a pseudonym of it is kept, 64 hexadecimal digits.",
        [PRIVACY_MASK] = "Personal: only that there was one is kept, as \"***\".",
        [PRIVACY_YEAR] = is_text ? "Personal: only the year of the date is kept."
                                 : "Personal: only the year is kept, as its first day.",
    };
    add_sentence(out, str_from(kept[field->privacy]));
}

static void add_rules(struct buf *out, const struct field *field, struct str pattern)
{
    struct buf sentence = {0};
    if (field->is_unique)
        add_sentence(out, STR("No two records have the same."));
    if (field->is_immutable)
        add_sentence(out, STR("Set once, at the creation."));
    if (field->pattern != NULL && !ecma_pattern_says_same(pattern))
        buf_printf(&sentence, "Matches the POSIX extended regular expression " STR_FMT,
                   STR_ARG(pattern));
    add_sentence(out, buf_str(&sentence));
    buf_free(&sentence);
}

/* Fields */

static bool is_patch(enum record_use use)
{
    return use == RECORD_USE_PATCH || use == RECORD_USE_CHANGE;
}

static void describe(struct json *schema, const struct json *field, const struct field *rules,
                     enum record_use use)
{
    struct buf text = {0};
    add_sentence(&text, json_find_text(field, "doc", STR("")));
    if (rules != NULL)
        add_privacy(&text, rules);
    if (rules != NULL && use != RECORD_USE_SERVED)
        add_rules(&text, rules, json_find_text(field, "pattern", STR("")));
    if (is_patch(use) && json_find(field, "default") != NULL)
        add_sentence(&text, STR("null: back to the default."));
    if (text.len > 0)
        json_put(schema, "description", json_make_string(buf_str(&text)));
    buf_free(&text);
}

/* In a patch null takes the field away, so that it gets its default; a field that has none would
 * be missing, even where its type has a null. */
static struct json *patch_schema(const struct json *field, enum record_use use)
{
    struct field_shape shape;
    bool is_taken = schema_shape(json_find(field, "type"), &shape);
    assert(is_taken);
    struct json *schema = type_schema(shape.avro, use);
    if (json_find(field, "default") != NULL)
        allow_null(schema);
    return schema;
}

/* `rules` is NULL inside a record: there are none. */
static struct json *field_schema(const struct json *field, const struct field *rules,
                                 enum record_use use)
{
    struct json *schema =
        is_patch(use) ? patch_schema(field, use) : type_schema(json_find(field, "type"), use);
    if (rules != NULL && use != RECORD_USE_SERVED)
        put_rules(schema, rules, json_find_text(field, "pattern", STR("")));
    if (use == RECORD_USE_INPUT && json_find(field, "default") != NULL)
        json_put(schema, "default", json_share(json_find(field, "default")));
    describe(schema, field, rules, use);
    return schema;
}

static void require_all(struct json *schema)
{
    struct json *required = json_make_array();
    const struct json *properties = json_find(schema, "properties");
    for (struct json_member m = json_first(properties); m.key != NULL; m = json_next(properties, m))
        json_push(required, json_make_string(str_from(m.key)));
    json_put(schema, "required", required);
}

/* `rules` are those of the fields in their order, or NULL. What is served is left open: it may have
 * fields that only another version of the model knows. */
static struct json *fields_schema(const struct json *fields, const struct field *rules,
                                  enum record_use use)
{
    struct json *schema = literal_json("{'type':'object'}");
    struct json *properties = json_make_object(), *required = json_make_array();
    for (size_t i = 0; i < json_count(fields); i++) {
        const struct json *field = json_item(fields, i);
        const struct json *name = json_find(field, "name");
        json_put(properties, json_text(name).ptr,
                 field_schema(field, rules != NULL ? &rules[i] : NULL, use));
        if (use == RECORD_USE_INPUT && json_find(field, "default") == NULL)
            json_push(required, json_share(name));
    }
    json_put(schema, "properties", properties);
    json_put(schema, "required", required);
    if (use == RECORD_USE_SERVED)
        require_all(schema);
    else
        json_put(schema, "additionalProperties", json_make_boolean(false));
    return schema;
}

/* Records */

static const char *older_name(const struct alias *alias, const char *field)
{
    for (size_t i = 0; alias != NULL && i < alias->name_count; i++)
        if (strcmp(alias->names[i].field, field) == 0)
            return alias->names[i].older;
    return field;
}

static void rename_fields(struct json *schema, const struct alias *alias)
{
    const struct json *old_properties = json_find(schema, "properties");
    const struct json *old_required = json_find(schema, "required");
    struct json *properties = json_make_object(), *required = json_make_array();
    for (struct json_member m = json_first(old_properties); m.key != NULL;
         m = json_next(old_properties, m))
        json_put(properties, older_name(alias, m.key), json_share(m.value));
    for (size_t i = 0; i < json_count(old_required); i++) {
        const char *name = json_text(json_item(old_required, i)).ptr;
        json_push(required, json_make_string(str_from(older_name(alias, name))));
    }
    json_put(schema, "properties", properties);
    json_put(schema, "required", required);
}

/* Puts more properties before and behind a record's own; takes both over. */
static void surround(struct json *schema, struct json *before, struct json *behind)
{
    literal_join(before, json_share(json_find(schema, "properties")));
    literal_join(before, behind);
    json_put(schema, "properties", before);
}

/* All of what is served is always there; a change must say which record it is for. */
static void put_required(struct json *schema, const struct collection *collection,
                         enum record_use use)
{
    if (use == RECORD_USE_SERVED)
        require_all(schema);
    if (use == RECORD_USE_CHANGE)
        json_put(schema, "required",
                 collection->requires_version ? literal_json("['id','version']")
                                              : literal_json("['id']"));
}

struct json *record_schema_make(const struct collection *collection, enum record_use use,
                                const struct alias *alias)
{
    struct str doc = json_find_text(collection->schema, "doc", STR(""));
    struct json *schema =
        fields_schema(json_find(collection->expanded, "fields"), collection->fields, use);
    if (alias != NULL)
        rename_fields(schema, alias);
    if (use == RECORD_USE_SERVED)
        surround(schema,
                 literal_json("{'id':{'type':'string','format':'uuid'},"
                              "'version':{'type':'integer','format':'int64','minimum':1}}"),
                 literal_json("{'created_at':{'type':'string','format':'date-time'},"
                              "'updated_at':{'type':'string','format':'date-time'},"
                              "'created_by':{'type':['string','null']},"
                              "'updated_by':{'type':['string','null']}}"));
    if (use == RECORD_USE_CHANGE)
        surround(schema,
                 literal_json("{'id':{'type':'string','format':'uuid'},"
                              "'version':{'type':'integer','format':'int64','minimum':1,"
                              "'description':'The version that the record must have.'}}"),
                 json_make_object());
    put_required(schema, collection, use);
    if (doc.len > 0)
        json_put(schema, "description", json_make_string(doc));
    return schema;
}

struct json *record_schema_make_filter(const struct field *field)
{
    return type_schema(field->shape.avro, RECORD_USE_SERVED);
}
