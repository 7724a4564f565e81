#include "model/avro/avro_bytes.h"

#include "base/clock.h"

/* Avro's long: zigzag, seven bits a byte, the least first. */
static void put_long(int64_t value, struct buf *out)
{
    uint64_t bits = (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
    for (; bits > 0x7f; bits >>= 7)
        buf_append_char(out, (char)(bits | 0x80));
    buf_append_char(out, (char)bits);
}

static bool put_string(struct str text, struct buf *out)
{
    put_long((int64_t)text.len, out);
    buf_append_str(out, text);
    return true;
}

static bool put_date(struct str text, struct buf *out)
{
    int32_t days;
    if (!clock_parse_date(text, &days))
        return false;
    put_long(days, out);
    return true;
}

static bool put_timestamp(struct str text, struct buf *out)
{
    int64_t ms;
    if (!clock_parse(text, &ms))
        return false;
    put_long(ms, out);
    return true;
}

static bool put_symbol(const struct avro_type *type, struct str symbol, struct buf *out)
{
    for (size_t i = 0; i < type->text_count; i++)
        if (str_equal(str_from(type->names[i]), symbol)) {
            put_long((int64_t)i, out);
            return true;
        }
    return false;
}

static bool put_text(const struct avro_type *type, struct str text, struct buf *out)
{
    switch (type->type) {
    case FIELD_TYPE_ENUM:
        return put_symbol(type, text, out);
    case FIELD_TYPE_DATE:
        return put_date(text, out);
    case FIELD_TYPE_TIMESTAMP:
        return put_timestamp(text, out);
    default:
        return (type->type == FIELD_TYPE_STRING || type->type == FIELD_TYPE_UUID) &&
               put_string(text, out);
    }
}

static bool put_integer(enum field_type type, int64_t value, struct buf *out)
{
    bool fits = type == FIELD_TYPE_LONG || (type == FIELD_TYPE_INT && value == (int32_t)value);
    if (fits)
        put_long(value, out);
    return fits;
}

static bool put_double(const struct json *value, struct buf *out)
{
    if (json_kind(value) != JSON_KIND_INTEGER && json_kind(value) != JSON_KIND_REAL)
        return false;
    double number = json_number(value);
    buf_append(out, &number, sizeof(number)); /* little-endian, as we are */
    return true;
}

static bool put_boolean(enum field_type type, bool truth, struct buf *out)
{
    buf_append_char(out, truth ? 1 : 0);
    return type == FIELD_TYPE_BOOLEAN;
}

static bool put_scalar(const struct avro_type *type, const struct json *value, struct buf *out)
{
    if (type->type == FIELD_TYPE_DOUBLE)
        return put_double(value, out);
    switch (json_kind(value)) {
    case JSON_KIND_BOOLEAN:
        return put_boolean(type->type, json_truth(value), out);
    case JSON_KIND_INTEGER:
        return put_integer(type->type, json_integer_of(value), out);
    case JSON_KIND_STRING:
        return put_text(type, json_text(value), out);
    default:
        return false;
    }
}

static bool put_fields(const struct avro_type *type, const struct json *record, struct buf *out)
{
    if (json_kind(record) != JSON_KIND_OBJECT)
        return false;
    struct json_member next = json_first(record);
    for (size_t i = 0; i < type->part_count; i++) {
        /* What we made has them in this order; what we read may not. */
        bool is_next = next.key != NULL && strcmp(next.key, type->names[i]) == 0;
        const struct json *value = is_next ? next.value : json_find(record, type->names[i]);
        if (value == NULL || !avro_bytes_put(&type->parts[i], value, out))
            return false;
        if (is_next)
            next = json_next(record, next);
    }
    return true;
}

/* One block, and the empty one that ends every array. */
static bool put_items(const struct avro_type *items, const struct json *array, struct buf *out)
{
    if (json_kind(array) != JSON_KIND_ARRAY)
        return false;
    if (json_count(array) > 0)
        put_long((int64_t)json_count(array), out);
    for (size_t i = 0; i < json_count(array); i++)
        if (!avro_bytes_put(items, json_item(array, i), out))
            return false;
    put_long(0, out);
    return true;
}

static bool put_branch(const struct avro_type *type, const struct json *value, struct buf *out)
{
    bool is_null = json_kind(value) == JSON_KIND_NULL;
    size_t which = 0;
    while (which < type->part_count && type->parts[which].is_null != is_null)
        which++;
    if (which == type->part_count)
        return false;
    put_long((int64_t)which, out);
    return avro_bytes_put(&type->parts[which], value, out);
}

bool avro_bytes_put(const struct avro_type *type, const struct json *value, struct buf *out)
{
    if (type->is_union)
        return put_branch(type, value, out);
    if (type->is_null)
        return json_kind(value) == JSON_KIND_NULL;
    if (type->type == FIELD_TYPE_ARRAY)
        return put_items(type->parts, value, out);
    if (type->type == FIELD_TYPE_RECORD)
        return put_fields(type, value, out);
    return put_scalar(type, value, out);
}
