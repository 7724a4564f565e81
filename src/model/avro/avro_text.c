#include "model/avro/avro_text.h"

#include "base/clock.h"

/* 0000-01-01 and 9999-12-31 in days since 1970. */
enum { DAY_FIRST = -719528, DAY_LAST = 2932896, MS_PER_DAY = 86400000 };

/* A byte of an array may stand for any number of names. */
enum { TEXT_MAX = 256 << 20 };

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

static bool take_long_within(struct str *rest, int64_t least, int64_t most, int64_t *out)
{
    return take_long(rest, out) && *out >= least && *out <= most;
}

static bool take_integer(struct str *rest, int64_t least, int64_t most, struct buf *out)
{
    int64_t value;
    if (!take_long_within(rest, least, most, &value))
        return false;
    buf_append_number(out, value);
    return true;
}

static bool take_string(struct str *rest, struct buf *out)
{
    int64_t length;
    if (!take_long(rest, &length))
        return false;
    struct str text = {rest->ptr, (size_t)length};
    if (!take_bytes(rest, length) || !str_is_utf8(text))
        return false;
    json_write_string(text, out);
    return true;
}

static bool take_double(struct str *rest, struct buf *out)
{
    double value;
    if (rest->len < sizeof(value))
        return false;
    memcpy(&value, rest->ptr, sizeof(value)); /* little-endian, as we are */
    if (!take_bytes(rest, sizeof(value)) || !__builtin_isfinite(value))
        return false;
    json_write_real(value, out);
    return true;
}

static bool take_boolean(struct str *rest, struct buf *out)
{
    if (rest->len == 0 || (unsigned char)rest->ptr[0] > 1)
        return false;
    buf_append_text(out, rest->ptr[0] == 1 ? "true" : "false");
    return take_bytes(rest, 1);
}

static void write_quoted(const char *text, struct buf *out)
{
    buf_append_char(out, '"');
    buf_append_text(out, text);
    buf_append_char(out, '"');
}

static bool take_date(struct str *rest, struct buf *out)
{
    char text[CLOCK_TEXT_SIZE];
    int64_t days;
    if (!take_long_within(rest, DAY_FIRST, DAY_LAST, &days))
        return false;
    clock_format_date((int32_t)days, text);
    write_quoted(text, out);
    return true;
}

static bool take_timestamp(struct str *rest, struct buf *out)
{
    char text[CLOCK_TEXT_SIZE];
    int64_t ms;
    if (!take_long_within(rest, (int64_t)DAY_FIRST * MS_PER_DAY,
                          (int64_t)(DAY_LAST + 1) * MS_PER_DAY - 1, &ms))
        return false;
    clock_format(ms, text);
    write_quoted(text, out);
    return true;
}

static bool take_symbol(const struct avro_type *type, struct str *rest, struct buf *out)
{
    int64_t which;
    if (!take_long_within(rest, 0, (int64_t)type->text_count - 1, &which))
        return false;
    buf_append_str(out, buf_str(&type->texts[which]));
    return true;
}

static bool take_items(const struct avro_type *type, struct str *rest, int64_t count,
                       struct buf *out)
{
    for (; count > 0; count--) {
        if (out->ptr[out->len - 1] != '[')
            buf_append_char(out, ',');
        if (out->len > TEXT_MAX || !avro_text_take(type, rest, out))
            return false;
    }
    return true;
}

/* Blocks, each with its count; a negative one is followed by the block's size in bytes. */
static bool take_array(const struct avro_type *items, struct str *rest, struct buf *out)
{
    int64_t count, size = 0;
    buf_append_char(out, '[');
    while (take_long(rest, &count)) {
        if (count == 0) {
            buf_append_char(out, ']');
            return true;
        }
        if (count < 0 && (count == INT64_MIN || !take_long(rest, &size) || size < 0))
            return false;
        count = count < 0 ? -count : count;
        /* Every item has a byte at least, but for records without fields. */
        if ((uint64_t)count > rest->len || !take_items(items, rest, count, out))
            return false;
    }
    return false;
}

static bool take_record(const struct avro_type *type, struct str *rest, struct buf *out)
{
    char separator = '{';
    if (type->part_count == 0)
        buf_append_char(out, separator);
    for (size_t i = 0; i < type->part_count; i++) {
        buf_append_char(out, separator);
        buf_append_str(out, buf_str(&type->texts[i]));
        if (!avro_text_take(&type->parts[i], rest, out))
            return false;
        separator = ',';
    }
    buf_append_char(out, '}');
    return true;
}

static bool take_branch(const struct avro_type *type, struct str *rest, struct buf *out)
{
    int64_t which;
    return take_long_within(rest, 0, (int64_t)type->part_count - 1, &which) &&
           avro_text_take(&type->parts[which], rest, out);
}

static bool take_scalar(const struct avro_type *type, struct str *rest, struct buf *out)
{
    switch (type->type) {
    case FIELD_TYPE_BOOLEAN:
        return take_boolean(rest, out);
    case FIELD_TYPE_INT:
        return take_integer(rest, INT32_MIN, INT32_MAX, out);
    case FIELD_TYPE_LONG:
        return take_integer(rest, INT64_MIN, INT64_MAX, out);
    case FIELD_TYPE_DATE:
        return take_date(rest, out);
    case FIELD_TYPE_TIMESTAMP:
        return take_timestamp(rest, out);
    case FIELD_TYPE_DOUBLE:
        return take_double(rest, out);
    case FIELD_TYPE_ENUM:
        return take_symbol(type, rest, out);
    default:
        return take_string(rest, out);
    }
}

bool avro_text_take(const struct avro_type *type, struct str *rest, struct buf *out)
{
    if (type->is_union)
        return take_branch(type, rest, out);
    if (type->is_null) {
        buf_append_text(out, "null");
        return true;
    }
    if (type->type == FIELD_TYPE_ARRAY)
        return take_array(type->parts, rest, out);
    if (type->type == FIELD_TYPE_RECORD)
        return take_record(type, rest, out);
    return take_scalar(type, rest, out);
}
