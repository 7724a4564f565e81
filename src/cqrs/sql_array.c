#include "cqrs/sql_array.h"

#include <endian.h>

void sql_array_add(struct buf *items, struct str text)
{
    pg_array_add(items, PG_TYPE_TEXT, text);
}

void sql_array_add_bytes(struct buf *items, struct str bytes)
{
    pg_array_add(items, PG_TYPE_BYTEA, bytes);
}

static void add_integer(struct buf *items, enum pg_type type, int64_t number)
{
    uint64_t bytes = htobe64((uint64_t)number);
    pg_array_add(items, type, (struct str){(const char *)&bytes, sizeof(bytes)});
}

void sql_array_add_number(struct buf *items, int64_t number)
{
    add_integer(items, PG_TYPE_BIGINT, number);
}

void sql_array_add_truth(struct buf *items, bool truth)
{
    pg_array_add(items, PG_TYPE_BOOLEAN, (struct str){truth ? "\1" : "\0", 1});
}

void sql_array_add_uuid(struct buf *items, const struct uuid *id)
{
    pg_array_add(items, PG_TYPE_UUID, (struct str){(const char *)id, sizeof(*id)});
}

void sql_array_add_time(struct buf *items, int64_t wall_ms)
{
    add_integer(items, PG_TYPE_TIMESTAMPTZ, pg_array_instant(wall_ms));
}

void sql_array_bind(struct pg_values *values, const struct buf *items)
{
    if (items->len == 0)
        pg_values_add_text(values, STR("{}")); /* of whatever type is wanted there */
    else
        pg_values_add_bytes(values, buf_str(items));
}

void sql_array_bind_all(struct pg_values *values, struct buf *arrays, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sql_array_bind(values, &arrays[i]);
        buf_reset(&arrays[i]);
    }
}

bool sql_bytes_parse(struct str text, struct buf *out)
{
    if (!str_starts_with(text, STR("\\x")) || text.len % 2 != 0)
        return false;
    buf_reset(out);
    char *bytes = buf_reserve(out, text.len / 2);
    for (size_t i = 2; i < text.len; i += 2) {
        int high = str_hex_digit(text.ptr[i]), low = str_hex_digit(text.ptr[i + 1]);
        if (high < 0 || low < 0)
            return false;
        *bytes++ = (char)(high << 4 | low);
    }
    out->len = text.len / 2 - 1;
    return true;
}
