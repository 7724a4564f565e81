#include "model/avro/avro.h"

#include <avro.h>

#include "base/clock.h"
#include "model/avro/avro_text.h"
#include "model/avro/expand.h"
#include "model/avro/fingerprint.h"
#include "model/schema.h"

enum { HEADER_SIZE = 10 };

struct avro_codec {
    struct json *json; /* names expanded, and with the logical types, which libavro's lacks */
    struct avro_type *type;
    avro_schema_t schema;
    avro_value_iface_t *class;
    uint64_t fingerprint;
};

struct avro_codec *avro_codec_new(const struct json *schema)
{
    struct avro_codec *codec = mem_new(1, sizeof(*codec));
    struct buf text = {0};
    json_write(schema, &text);
    codec->json = expand_names(schema);
    codec->type = avro_type_make(codec->json);
    if (avro_schema_from_json_length(text.ptr, text.len, &codec->schema) == 0)
        codec->class = avro_generic_class_from_schema(codec->schema);
    buf_free(&text);
    if (codec->class == NULL || codec->type == NULL)
        avro_codec_free(&codec);
    else
        codec->fingerprint = fingerprint_schema(schema);
    return codec;
}

void avro_codec_free(struct avro_codec **codec)
{
    struct avro_codec *gone = *codec;
    if (gone == NULL)
        return;
    if (gone->class != NULL)
        avro_value_iface_decref(gone->class);
    if (gone->schema != NULL)
        avro_schema_decref(gone->schema);
    avro_type_free(&gone->type);
    json_free(&gone->json);
    free(gone);
    *codec = NULL;
}

uint64_t avro_codec_fingerprint(const struct avro_codec *codec)
{
    return codec->fingerprint;
}

bool avro_read_fingerprint(struct str bytes, uint64_t *out)
{
    if (bytes.len < HEADER_SIZE || memcmp(bytes.ptr, "\xc3\x01", 2) != 0)
        return false;
    *out = 0;
    for (int i = 0; i < 8; i++)
        *out |= (uint64_t)(unsigned char)bytes.ptr[2 + i] << (8 * i);
    return true;
}

/* From JSON to Avro. Each step is given the schema that the value stands under. */

static bool put(avro_value_t *to, const struct json *type, const struct json *from);

static bool put_fields(avro_value_t *to, const struct json *type, const struct json *from)
{
    const struct json *fields = json_find(type, "fields");
    for (size_t i = 0; i < json_count(fields); i++) {
        const struct json *field = json_item(fields, i);
        const struct json *value = json_find(from, json_text(json_find(field, "name")).ptr);
        avro_value_t place;
        if (value == NULL || avro_value_get_by_index(to, i, &place, NULL) != 0 ||
            !put(&place, json_find(field, "type"), value))
            return false;
    }
    return true;
}

static bool put_items(avro_value_t *to, const struct json *type, const struct json *from)
{
    for (size_t i = 0; i < json_count(from); i++) {
        avro_value_t place;
        if (avro_value_append(to, &place, NULL) != 0 ||
            !put(&place, json_find(type, "items"), json_item(from, i)))
            return false;
    }
    return true;
}

static bool put_symbol(avro_value_t *to, const struct json *type, struct str symbol)
{
    const struct json *symbols = json_find(type, "symbols");
    for (size_t i = 0; i < json_count(symbols); i++)
        if (str_equal(json_text(json_item(symbols, i)), symbol))
            return avro_value_set_enum(to, (int)i) == 0;
    return false;
}

static bool put_string(avro_value_t *to, struct str text)
{
    /* libavro counts the NUL that every string of its own ends with. */
    char *copy = mem_copy(text.ptr, text.len);
    bool done = avro_value_set_string_len(to, copy, text.len + 1) == 0;
    free(copy);
    return done;
}

static bool put_branch(avro_value_t *to, const struct json *both, const struct json *from)
{
    for (size_t i = 0; i < json_count(both); i++) {
        const struct json *type = json_item(both, i);
        bool is_null =
            json_kind(type) == JSON_KIND_STRING && str_equal(json_text(type), STR("null"));
        avro_value_t branch;
        if (is_null != (json_kind(from) == JSON_KIND_NULL))
            continue;
        if (avro_value_set_branch(to, (int)i, &branch) != 0)
            return false;
        return is_null ? avro_value_set_null(&branch) == 0 : put(&branch, type, from);
    }
    return false;
}

static bool put_integer(avro_value_t *to, enum field_type type, int64_t value)
{
    if (type == FIELD_TYPE_LONG)
        return avro_value_set_long(to, value) == 0;
    return type == FIELD_TYPE_INT && value == (int32_t)value &&
           avro_value_set_int(to, (int32_t)value) == 0;
}

static bool put_text(avro_value_t *to, const struct field_shape *shape, struct str text)
{
    int32_t days;
    int64_t ms;
    switch (shape->type) {
    case FIELD_TYPE_ENUM:
        return put_symbol(to, shape->avro, text);
    case FIELD_TYPE_DATE:
        return clock_parse_date(text, &days) && avro_value_set_int(to, days) == 0;
    case FIELD_TYPE_TIMESTAMP:
        return clock_parse(text, &ms) && avro_value_set_long(to, ms) == 0;
    default:
        return (shape->type == FIELD_TYPE_STRING || shape->type == FIELD_TYPE_UUID) &&
               put_string(to, text);
    }
}

static bool put_scalar(avro_value_t *to, const struct field_shape *shape, const struct json *from)
{
    enum json_kind kind = json_kind(from);
    if (shape->type == FIELD_TYPE_DOUBLE)
        return (kind == JSON_KIND_INTEGER || kind == JSON_KIND_REAL) &&
               avro_value_set_double(to, json_number(from)) == 0;
    switch (kind) {
    case JSON_KIND_BOOLEAN:
        return shape->type == FIELD_TYPE_BOOLEAN &&
               avro_value_set_boolean(to, json_truth(from)) == 0;
    case JSON_KIND_INTEGER:
        return put_integer(to, shape->type, json_integer_of(from));
    case JSON_KIND_STRING:
        return put_text(to, shape, json_text(from));
    default:
        return false;
    }
}

static bool put(avro_value_t *to, const struct json *type, const struct json *from)
{
    struct field_shape shape;
    if (json_kind(type) == JSON_KIND_ARRAY)
        return put_branch(to, type, from);
    if (!schema_shape(type, &shape))
        return false;
    if (shape.type == FIELD_TYPE_RECORD)
        return json_kind(from) == JSON_KIND_OBJECT && put_fields(to, shape.avro, from);
    if (shape.type == FIELD_TYPE_ARRAY)
        return json_kind(from) == JSON_KIND_ARRAY && put_items(to, shape.avro, from);
    return put_scalar(to, &shape, from);
}

static void write_header(uint64_t fingerprint, struct buf *out)
{
    buf_append(out, "\xc3\x01", 2);
    for (int i = 0; i < 8; i++)
        buf_append_char(out, (char)(fingerprint >> (8 * i)));
}

static bool write_value(avro_value_t *value, struct buf *out)
{
    size_t size = 0;
    if (avro_value_sizeof(value, &size) != 0)
        return false;
    avro_writer_t writer = avro_writer_memory(buf_reserve(out, size), (int64_t)size);
    bool done = avro_value_write(writer, value) == 0;
    avro_writer_free(writer);
    out->len += done ? size : 0;
    return done;
}

bool avro_encode(const struct avro_codec *codec, const struct json *value, struct buf *out)
{
    avro_value_t avro;
    size_t before = out->len;
    if (avro_generic_value_new(codec->class, &avro) != 0)
        abort();
    bool done = put(&avro, codec->json, value);
    if (done) {
        write_header(codec->fingerprint, out);
        done = write_value(&avro, out);
    }
    avro_value_decref(&avro);
    if (!done)
        out->len = before;
    return done;
}

/* From Avro to JSON. */

/* What stands behind the header; false where that is another schema's. */
static bool take_header(const struct avro_codec *codec, struct str *bytes)
{
    uint64_t fingerprint;
    if (!avro_read_fingerprint(*bytes, &fingerprint) || fingerprint != codec->fingerprint)
        return false;
    bytes->ptr += HEADER_SIZE;
    bytes->len -= HEADER_SIZE;
    return true;
}

bool avro_decode(const struct avro_codec *codec, struct str bytes, struct buf *out)
{
    size_t before = out->len;
    bool is_whole =
        take_header(codec, &bytes) && avro_text_take(codec->type, &bytes, out) && bytes.len == 0;
    if (!is_whole)
        out->len = before;
    return is_whole;
}

bool avro_decode_members(const struct avro_codec *codec, struct str bytes, const char *const *names,
                         struct buf *out, size_t *ends)
{
    const struct json *fields = json_find(codec->json, "fields");
    size_t i = 0;
    bool is_fine = take_header(codec, &bytes);
    for (; is_fine && names[i] != NULL; i++) {
        is_fine =
            i < codec->type->part_count &&
            str_equal(json_text(json_find(json_item(fields, i), "name")), str_from(names[i])) &&
            avro_text_take(&codec->type->parts[i], &bytes, out);
        ends[i] = out->len;
    }
    return is_fine && i == codec->type->part_count && bytes.len == 0;
}
