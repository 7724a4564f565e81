#include "cqrs/sql_array.h"

#include <endian.h>

/* The types' numbers in PostgreSQL's catalogue (pg_type.dat), which never change. */
enum type {
    TYPE_BOOLEAN = 16,
    TYPE_BYTEA = 17,
    TYPE_BIGINT = 20,
    TYPE_TEXT = 25,
    TYPE_TIMESTAMPTZ = 1184,
    TYPE_UUID = 2950,
};

/* Where they stand in the header. */
enum { NULLS = 4, TYPE = 8, COUNT = 12, HEADER_SIZE = 20 };

static void put(struct buf *items, size_t at, uint32_t number)
{
    number = htobe32(number);
    memcpy(items->ptr + at, &number, sizeof(number));
}

static uint32_t get(const struct buf *items, size_t at)
{
    uint32_t number;
    memcpy(&number, items->ptr + at, sizeof(number));
    return be32toh(number);
}

static void begin(struct buf *items, enum type type)
{
    static const char zeros[HEADER_SIZE];
    buf_append(items, zeros, sizeof(zeros));
    put(items, 0, 1); /* dimension */
    put(items, TYPE, type);
    put(items, HEADER_SIZE - 4, 1); /* the first item is number one */
}

/* `bytes` NULL: null. */
static void add(struct buf *items, enum type type, const void *bytes, size_t len)
{
    assert(len <= INT32_MAX);
    if (items->len == 0)
        begin(items, type);
    assert(get(items, TYPE) == (uint32_t)type);
    uint32_t length = htobe32(bytes == NULL ? UINT32_MAX : (uint32_t)len);
    if (bytes == NULL)
        put(items, NULLS, 1);
    put(items, COUNT, get(items, COUNT) + 1);
    buf_append(items, &length, sizeof(length));
    buf_append(items, bytes, bytes == NULL ? 0 : len);
}

void sql_array_add(struct buf *items, struct str text)
{
    add(items, TYPE_TEXT, text.ptr, text.len);
}

void sql_array_add_bytes(struct buf *items, struct str bytes)
{
    add(items, TYPE_BYTEA, bytes.ptr, bytes.len);
}

static void add_integer(struct buf *items, enum type type, int64_t number)
{
    uint64_t bytes = htobe64((uint64_t)number);
    add(items, type, &bytes, sizeof(bytes));
}

void sql_array_add_number(struct buf *items, int64_t number)
{
    add_integer(items, TYPE_BIGINT, number);
}

void sql_array_add_truth(struct buf *items, bool truth)
{
    add(items, TYPE_BOOLEAN, truth ? "\1" : "\0", 1);
}

void sql_array_add_uuid(struct buf *items, const struct uuid *id)
{
    add(items, TYPE_UUID, id, sizeof(*id));
}

/* PostgreSQL counts microseconds since 2000. */
void sql_array_add_time(struct buf *items, int64_t wall_ms)
{
    enum { EPOCH_S = 946684800 };
    add_integer(items, TYPE_TIMESTAMPTZ, (wall_ms - EPOCH_S * INT64_C(1000)) * 1000);
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
