#include "model/image.h"

#include "base/clock.h"

static struct json *text_or_null(struct str text)
{
    return text.len == 0 ? json_make_null() : json_make_string(text);
}

static struct json *time_of(int64_t wall_ms)
{
    char text[CLOCK_TEXT_SIZE];
    clock_format(wall_ms, text);
    return json_make_string(str_from(text));
}

static const char *const first_members[] = {"id", "version", NULL};
static const char *const last_members[] = {"created_at", "updated_at", "created_by", "updated_by",
                                           NULL};

static bool is_among(const char *name, const char *const *names)
{
    while (*names != NULL && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

/* Members that are neither fields of this schema nor what every record has. */
static void copy_unknown(struct json *to, const struct json *from)
{
    for (struct json_member m = json_first(from); m.key != NULL; m = json_next(from, m))
        if (!is_among(m.key, last_members) && json_find(to, m.key) == NULL)
            json_put(to, m.key, json_share(m.value));
}

struct json *image_begin(const struct image_head *head)
{
    char id[UUID_TEXT_SIZE];
    struct json *image = json_make_object();
    uuid_format(&head->id, id);
    json_put(image, "id", json_make_string(str_from(id)));
    json_put(image, "version", json_make_integer(head->version));
    return image;
}

void image_end(struct json *image, const struct image_head *head)
{
    struct json *created = time_of(head->created_at);
    bool is_unchanged = head->updated_at == head->created_at;
    json_put(image, "created_at", created);
    json_put(image, "updated_at", is_unchanged ? json_share(created) : time_of(head->updated_at));
    json_put(image, "created_by", text_or_null(head->created_by));
    json_put(image, "updated_by", text_or_null(head->updated_by));
}

bool image_read_head(const struct json *image, struct image_head *head_out)
{
    if (image == NULL || json_kind(image) != JSON_KIND_OBJECT)
        return false;
    head_out->version = json_find_integer(image, "version", 0);
    head_out->created_by = json_find_text(image, "created_by", STR(""));
    head_out->updated_by = json_find_text(image, "updated_by", STR(""));
    return head_out->version > 0 &&
           uuid_parse(json_find_text(image, "id", STR("")), &head_out->id) &&
           clock_parse(json_find_text(image, "created_at", STR("")), &head_out->created_at) &&
           clock_parse(json_find_text(image, "updated_at", STR("")), &head_out->updated_at);
}

static bool skip(struct str *text, struct str word)
{
    if (!str_starts_with(*text, word))
        return false;
    *text = (struct str){text->ptr + word.len, text->len - word.len};
    return true;
}

/* Behind the last of them: inside a string its quotes would be escaped. */
static bool skip_behind_last(struct str *text, struct str word)
{
    for (size_t at = text->len < word.len ? 0 : text->len - word.len; at > 0; at--)
        if (memcmp(text->ptr + at, word.ptr, word.len) == 0) {
            *text = (struct str){text->ptr + at + word.len, text->len - at - word.len};
            return true;
        }
    return false;
}

bool image_read_text(struct str text, struct image_head *head_out)
{
    *head_out = (struct image_head){0};
    if (!skip(&text, STR("{\"id\":\"")) || !uuid_parse(str_cut(&text, '"'), &head_out->id) ||
        !skip(&text, STR(",\"version\":")) ||
        !str_to_int64(str_cut(&text, ','), &head_out->version) || head_out->version <= 0)
        return false;
    return skip_behind_last(&text, STR("\"created_at\":\"")) &&
           clock_parse(str_cut(&text, '"'), &head_out->created_at);
}

enum view {
    VIEW_WHOLE, /* what only another version of the model knows stays */
    VIEW_OWN,   /* it goes, and a symbol that the enum does not have becomes its default */
};

static struct json *complete(const struct json *avro, const struct json *value, enum view view);

/* Puts the fields of an Avro record into `to`; false where one is missing that has no default. */
static bool complete_fields(struct json *to, const struct json *avro, const struct json *from,
                            enum view view)
{
    const struct json *fields = json_find(avro, "fields");
    for (size_t i = 0; i < json_count(fields); i++) {
        const struct json *field = json_item(fields, i);
        const char *name = json_text(json_find(field, "name")).ptr;
        const struct json *value = json_find(from, name);
        value = value != NULL ? value : json_find(field, "default");
        struct json *whole = value != NULL ? complete(json_find(field, "type"), value, view) : NULL;
        if (whole == NULL)
            return false;
        json_put(to, name, whole);
    }
    return true;
}

static struct json *complete_items(const struct json *avro, const struct json *from, enum view view)
{
    struct json *array = json_make_array();
    for (size_t i = 0; i < json_count(from); i++) {
        struct json *whole = complete(json_find(avro, "items"), json_item(from, i), view);
        if (whole == NULL) {
            json_free(&array);
            return NULL;
        }
        json_push(array, whole);
    }
    return array;
}

static struct json *resolve_symbol(const struct json *avro, const struct json *value)
{
    const struct json *known = json_find(avro, "symbols");
    const struct json *otherwise = json_find(avro, "default");
    for (size_t i = 0; i < json_count(known); i++)
        if (json_same(json_item(known, i), value))
            return json_share(value);
    return json_share(otherwise != NULL ? otherwise : value);
}

static struct json *complete(const struct json *avro, const struct json *value, enum view view)
{
    struct field_shape shape;
    enum json_kind kind = json_kind(value);
    if (!schema_shape(avro, &shape))
        return NULL;
    if (shape.type == FIELD_TYPE_ARRAY && kind == JSON_KIND_ARRAY)
        return complete_items(shape.avro, value, view);
    if (shape.type == FIELD_TYPE_ENUM && kind == JSON_KIND_STRING && view == VIEW_OWN)
        return resolve_symbol(shape.avro, value);
    if (shape.type != FIELD_TYPE_RECORD || kind != JSON_KIND_OBJECT)
        return json_share(value);
    struct json *record = json_make_object();
    bool is_whole = complete_fields(record, shape.avro, value, view);
    if (view == VIEW_WHOLE)
        copy_unknown(record, value);
    if (!is_whole)
        json_free(&record);
    return record;
}

static bool copy_members(struct json *to, const struct json *from, const char *const *names)
{
    for (; *names != NULL; names++) {
        const struct json *value = json_find(from, *names);
        if (value == NULL)
            return false;
        json_put(to, *names, json_share(value));
    }
    return true;
}

static struct json *complete_image(const struct collection *collection, const struct json *image,
                                   enum view view)
{
    struct json *whole = json_make_object();
    bool is_whole = copy_members(whole, image, first_members) &&
                    complete_fields(whole, collection->expanded, image, view);
    if (view == VIEW_WHOLE)
        copy_unknown(whole, image);
    if (!copy_members(whole, image, last_members) || !is_whole)
        json_free(&whole);
    return whole;
}

struct json *image_complete(const struct collection *collection, const struct json *image)
{
    return complete_image(collection, image, VIEW_WHOLE);
}

struct json *image_resolve(const struct collection *collection, const struct json *image)
{
    return complete_image(collection, image, VIEW_OWN);
}

static struct json *parse_literal(const char *text)
{
    char mistake[JSON_MISTAKE_SIZE];
    struct json *json = json_parse(str_from(text), mistake);
    assert(json != NULL);
    return json;
}

static void push_field(struct json *fields, const char *name, const char *type)
{
    struct json *field = json_make_object();
    json_put(field, "name", json_make_string(str_from(name)));
    json_put(field, "type", parse_literal(type));
    json_push(fields, field);
}

/* A field of the model as Avro's own readers need it: name, type, default. */
static struct json *plain_field(const struct json *field)
{
    static const char *const kept[] = {"name", "type", "default"};
    struct json *plain = json_make_object();
    for (size_t i = 0; i < countof(kept); i++)
        if (json_find(field, kept[i]) != NULL)
            json_put(plain, kept[i], json_share(json_find(field, kept[i])));
    return plain;
}

static struct json *record_schema(const struct collection *collection, const char *suffix,
                                  struct json *fields)
{
    struct buf name = {0};
    struct json *schema = json_make_object();
    buf_append_str(&name, json_find_text(collection->schema, "name", STR("")));
    buf_append_text(&name, suffix);
    json_put(schema, "type", json_make_string(STR("record")));
    json_put(schema, "name", json_make_string(buf_str(&name)));
    json_put(schema, "namespace", json_make_string(str_from(collection->service)));
    json_put(schema, "fields", fields);
    buf_free(&name);
    return schema;
}

static struct json *image_schema(const struct collection *collection)
{
    static const char moment[] = "{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}";
    struct json *fields = json_make_array();
    push_field(fields, "id", "{\"type\":\"string\",\"logicalType\":\"uuid\"}");
    push_field(fields, "version", "\"long\"");
    const struct json *own = json_find(collection->schema, "fields");
    for (size_t i = 0; i < json_count(own); i++)
        json_push(fields, plain_field(json_item(own, i)));
    push_field(fields, "created_at", moment);
    push_field(fields, "updated_at", moment);
    push_field(fields, "created_by", "[\"null\",\"string\"]");
    push_field(fields, "updated_by", "[\"null\",\"string\"]");
    return record_schema(collection, "Image", fields);
}

struct json *image_event_schema(const struct collection *collection)
{
    struct json *fields = json_make_array();
    struct json *before = json_make_object();
    struct json *union_of_both = json_make_array();
    struct buf name = {0};
    push_field(fields, "version", "\"long\"");
    json_put(before, "name", json_make_string(STR("before")));
    json_push(union_of_both, json_make_string(STR("null")));
    json_push(union_of_both, image_schema(collection));
    json_put(before, "type", union_of_both);
    json_push(fields, before);
    buf_printf(&name, "[\"null\",\"%s." STR_FMT "Image\"]", collection->service,
               STR_ARG(json_find_text(collection->schema, "name", STR(""))));
    push_field(fields, "after", name.ptr);
    buf_free(&name);
    return record_schema(collection, "Event", fields);
}
