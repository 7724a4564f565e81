#include "model/avro/avro_type.h"

/* A few lines of schema can stand for a million types, each of which names one before it twice. */
enum { TYPES_MAX = 10000 };

static bool make(const struct json *schema, struct avro_type *out, size_t *left);

static bool make_parts(struct avro_type *type, size_t count, size_t *left)
{
    if (count > *left)
        return false;
    *left -= count;
    type->parts = mem_new(count, sizeof(*type->parts));
    type->part_count = count;
    return true;
}

static void make_texts(struct avro_type *type, size_t count)
{
    type->names = mem_new(count, sizeof(*type->names));
    type->texts = mem_new(count, sizeof(*type->texts));
    type->text_count = count;
}

static bool make_union(const struct json *branches, struct avro_type *out, size_t *left)
{
    bool is_made = make_parts(out, json_count(branches), left);
    out->is_union = true;
    for (size_t i = 0; is_made && i < out->part_count; i++)
        is_made = make(json_item(branches, i), &out->parts[i], left);
    return is_made;
}

static bool make_record(const struct json *fields, struct avro_type *out, size_t *left)
{
    bool is_made = fields != NULL && make_parts(out, json_count(fields), left);
    make_texts(out, out->part_count);
    for (size_t i = 0; is_made && i < out->part_count; i++) {
        const struct json *field = json_item(fields, i);
        out->names[i] = json_find_text(field, "name", STR("")).ptr;
        json_write_string(str_from(out->names[i]), &out->texts[i]);
        buf_append_char(&out->texts[i], ':');
        is_made = make(json_find(field, "type"), &out->parts[i], left);
    }
    return is_made;
}

static bool make_enum(const struct json *symbols, struct avro_type *out)
{
    make_texts(out, symbols != NULL ? json_count(symbols) : 0);
    for (size_t i = 0; i < out->text_count; i++) {
        out->names[i] = json_text(json_item(symbols, i)).ptr;
        json_write_string(str_from(out->names[i]), &out->texts[i]);
    }
    return true;
}

static bool make(const struct json *schema, struct avro_type *out, size_t *left)
{
    struct field_shape shape;
    if (schema == NULL)
        return false;
    if (json_kind(schema) == JSON_KIND_ARRAY)
        return make_union(schema, out, left);
    out->is_null =
        json_kind(schema) == JSON_KIND_STRING && str_equal(json_text(schema), STR("null"));
    if (out->is_null)
        return true;
    if (!schema_shape(schema, &shape))
        return false;
    out->type = shape.type;
    if (shape.type == FIELD_TYPE_RECORD)
        return make_record(json_find(shape.avro, "fields"), out, left);
    if (shape.type == FIELD_TYPE_ENUM)
        return make_enum(json_find(shape.avro, "symbols"), out);
    return shape.type != FIELD_TYPE_ARRAY ||
           (make_parts(out, 1, left) && make(json_find(shape.avro, "items"), out->parts, left));
}

struct avro_type *avro_type_make(const struct json *schema)
{
    struct avro_type *type = mem_new(1, sizeof(*type));
    size_t left = TYPES_MAX;
    if (!make(schema, type, &left))
        avro_type_free(&type);
    return type;
}

static void clear(struct avro_type *type)
{
    for (size_t i = 0; i < type->part_count; i++)
        clear(&type->parts[i]);
    for (size_t i = 0; i < type->text_count; i++)
        buf_free(&type->texts[i]);
    free(type->parts);
    free(type->names);
    free(type->texts);
}

void avro_type_free(struct avro_type **type)
{
    if (*type != NULL)
        clear(*type);
    free(*type);
    *type = NULL;
}
