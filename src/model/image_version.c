#include "model/image_version.h"

#include "model/schema.h"

const struct json *image_version_record(const struct json *event_schema)
{
    const struct json *fields = json_find(event_schema, "fields");
    for (size_t i = 0; fields != NULL && i < json_count(fields); i++) {
        struct field_shape shape;
        const struct json *type = json_find(json_item(fields, i), "type");
        if (str_equal(json_find_text(json_item(fields, i), "name", STR("")), STR("before")) &&
            type != NULL && schema_shape(type, &shape) && shape.type == FIELD_TYPE_RECORD)
            return shape.avro;
    }
    return NULL;
}

static const struct json *find_field(const struct json *record, const char *name)
{
    const struct json *fields = json_find(record, "fields");
    for (size_t i = 0; i < json_count(fields); i++)
        if (str_equal(json_find_text(json_item(fields, i), "name", STR("")), str_from(name)))
            return json_item(fields, i);
    return NULL;
}

static bool knows_members(const struct json *record, const struct json *value)
{
    for (struct json_member m = json_first(value); m.key != NULL; m = json_next(value, m)) {
        const struct json *field = find_field(record, m.key);
        if (field == NULL || !image_version_knows(json_find(field, "type"), m.value))
            return false;
    }
    return true;
}

static bool is_symbol(const struct json *avro, const struct json *value)
{
    const struct json *known = json_find(avro, "symbols");
    for (size_t i = 0; i < json_count(known); i++)
        if (json_same(json_item(known, i), value))
            return true;
    return false;
}

bool image_version_knows(const struct json *type, const struct json *value)
{
    struct field_shape shape;
    enum json_kind kind = json_kind(value);
    if (!schema_shape(type, &shape))
        return false;
    if (shape.type == FIELD_TYPE_RECORD && kind == JSON_KIND_OBJECT)
        return knows_members(shape.avro, value);
    if (shape.type == FIELD_TYPE_ENUM && kind == JSON_KIND_STRING)
        return is_symbol(shape.avro, value);
    for (size_t i = 0;
         shape.type == FIELD_TYPE_ARRAY && kind == JSON_KIND_ARRAY && i < json_count(value); i++)
        if (!image_version_knows(json_find(shape.avro, "items"), json_item(value, i)))
            return false;
    return true;
}

static const struct json *member(const struct json *object, const char *name)
{
    bool is_object = object != NULL && json_kind(object) == JSON_KIND_OBJECT;
    return is_object ? json_find(object, name) : NULL;
}

static struct json *carry_field(const struct json *field, const struct json *made,
                                struct image_both before)
{
    const struct json *type = json_find(field, "type");
    bool is_as_before = made != NULL && before.seen != NULL && json_same(made, before.seen);
    if (before.stored != NULL && (made == NULL || is_as_before))
        return image_version_carry(type, before.stored, (struct image_both){NULL, NULL});
    const struct json *value = made != NULL ? made : json_find(field, "default");
    return value != NULL ? image_version_carry(type, value, before) : NULL;
}

static struct json *carry_fields(const struct json *record, const struct json *made,
                                 struct image_both before)
{
    const struct json *fields = json_find(record, "fields");
    struct json *carried = json_make_object();
    for (size_t i = 0; i < json_count(fields) && carried != NULL; i++) {
        const char *name = json_text(json_find(json_item(fields, i), "name")).ptr;
        struct json *one = carry_field(json_item(fields, i), json_find(made, name),
                                       (struct image_both){.stored = member(before.stored, name),
                                                           .seen = member(before.seen, name)});
        if (one != NULL)
            json_put(carried, name, one);
        else
            json_free(&carried);
    }
    return carried;
}

static struct json *carry_items(const struct json *items, const struct json *made)
{
    struct json *carried = json_make_array();
    for (size_t i = 0; i < json_count(made) && carried != NULL; i++) {
        struct json *one =
            image_version_carry(items, json_item(made, i), (struct image_both){NULL, NULL});
        if (one != NULL)
            json_push(carried, one);
        else
            json_free(&carried);
    }
    return carried;
}

static struct json *carry_symbol(const struct json *avro, const struct json *symbol)
{
    const struct json *otherwise = json_find(avro, "default");
    return json_share(is_symbol(avro, symbol) || otherwise == NULL ? symbol : otherwise);
}

struct json *image_version_carry(const struct json *type, const struct json *made,
                                 struct image_both before)
{
    struct field_shape shape;
    enum json_kind kind = json_kind(made);
    if (!schema_shape(type, &shape))
        return NULL;
    if (shape.type == FIELD_TYPE_RECORD && kind == JSON_KIND_OBJECT)
        return carry_fields(shape.avro, made, before);
    if (shape.type == FIELD_TYPE_ARRAY && kind == JSON_KIND_ARRAY)
        return carry_items(json_find(shape.avro, "items"), made);
    if (shape.type == FIELD_TYPE_ENUM && kind == JSON_KIND_STRING)
        return carry_symbol(shape.avro, made);
    return json_share(made);
}
