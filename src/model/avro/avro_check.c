#include "model/avro/avro_check.h"

#include "model/schema.h"

/* 0000-01-01 and 9999-12-31 in days since 1970. */
enum { DAY_FIRST = -719528, DAY_LAST = 2932896, MS_PER_DAY = 86400000 };

static bool take(const struct json *type, struct str *rest);

static bool take_bytes(struct str *rest, int64_t count)
{
    if (count < 0 || (uint64_t)count > rest->len)
        return false;
    rest->ptr += count;
    rest->len -= (size_t)count;
    return true;
}

/* Avro's long: zigzag, seven bits a byte, the least first; at most ten bytes. */
static bool take_long(struct str *rest, int64_t *out)
{
    uint64_t bits = 0;
    for (unsigned shift = 0; shift < 64 && rest->len > 0; shift += 7) {
        uint64_t byte = (unsigned char)rest->ptr[0];
        if (shift == 63 && byte > 1)
            return false;
        bits |= (byte & 0x7f) << shift;
        take_bytes(rest, 1);
        if (byte < 0x80) {
            *out = (int64_t)(bits >> 1 ^ (0 - (bits & 1)));
            return true;
        }
    }
    return false;
}

static bool take_long_within(struct str *rest, int64_t least, int64_t most)
{
    int64_t value;
    return take_long(rest, &value) && value >= least && value <= most;
}

static bool take_string(struct str *rest)
{
    int64_t length;
    if (!take_long(rest, &length))
        return false;
    struct str text = {rest->ptr, (size_t)length};
    return take_bytes(rest, length) && str_is_utf8(text);
}

static bool take_double(struct str *rest)
{
    double value;
    if (rest->len < sizeof(value))
        return false;
    memcpy(&value, rest->ptr, sizeof(value));
    return take_bytes(rest, sizeof(value)) && __builtin_isfinite(value);
}

/* Blocks, each with its count; a negative one is followed by the block's size in bytes. */
static bool take_array(const struct json *items, struct str *rest)
{
    int64_t count, size = 0;
    while (take_long(rest, &count)) {
        if (count == 0)
            return true;
        if (count < 0 && (count == INT64_MIN || !take_long(rest, &size) || size < 0))
            return false;
        count = count < 0 ? -count : count;
        /* Every item has a byte at least, but for records without fields. */
        if ((uint64_t)count > rest->len)
            return false;
        for (; count > 0; count--)
            if (!take(items, rest))
                return false;
    }
    return false;
}

static bool take_fields(const struct json *fields, struct str *rest)
{
    for (size_t i = 0; i < json_count(fields); i++)
        if (!take(json_find(json_item(fields, i), "type"), rest))
            return false;
    return true;
}

static bool take_branch(const struct json *both, struct str *rest)
{
    int64_t which;
    if (!take_long(rest, &which) || which < 0 || (uint64_t)which >= json_count(both))
        return false;
    const struct json *type = json_item(both, (size_t)which);
    bool is_null = json_kind(type) == JSON_KIND_STRING && str_equal(json_text(type), STR("null"));
    return is_null || take(type, rest);
}

static bool take_boolean(struct str *rest)
{
    return rest->len > 0 && (unsigned char)rest->ptr[0] <= 1 && take_bytes(rest, 1);
}

static bool take_scalar(const struct field_shape *shape, struct str *rest)
{
    switch (shape->type) {
    case FIELD_TYPE_BOOLEAN:
        return take_boolean(rest);
    case FIELD_TYPE_INT:
        return take_long_within(rest, INT32_MIN, INT32_MAX);
    case FIELD_TYPE_LONG:
        return take_long_within(rest, INT64_MIN, INT64_MAX);
    case FIELD_TYPE_DATE:
        return take_long_within(rest, DAY_FIRST, DAY_LAST);
    case FIELD_TYPE_TIMESTAMP:
        return take_long_within(rest, (int64_t)DAY_FIRST * MS_PER_DAY,
                                (int64_t)(DAY_LAST + 1) * MS_PER_DAY - 1);
    case FIELD_TYPE_DOUBLE:
        return take_double(rest);
    case FIELD_TYPE_ENUM:
        return take_long_within(rest, 0,
                                (int64_t)json_count(json_find(shape->avro, "symbols")) - 1);
    default:
        return take_string(rest);
    }
}

static bool take(const struct json *type, struct str *rest)
{
    struct field_shape shape;
    if (json_kind(type) == JSON_KIND_ARRAY)
        return take_branch(type, rest);
    if (!schema_shape(type, &shape))
        return false;
    if (shape.type == FIELD_TYPE_ARRAY)
        return take_array(json_find(shape.avro, "items"), rest);
    if (shape.type == FIELD_TYPE_RECORD)
        return take_fields(json_find(shape.avro, "fields"), rest);
    return take_scalar(&shape, rest);
}

bool avro_check(const struct json *schema, struct str bytes)
{
    return take(schema, &bytes) && bytes.len == 0;
}
