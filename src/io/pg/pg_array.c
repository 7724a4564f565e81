#include "io/pg/pg_array.h"

#include <endian.h>

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

static void begin(struct buf *items, enum pg_type type)
{
    static const char zeros[HEADER_SIZE];
    buf_append(items, zeros, sizeof(zeros));
    put(items, 0, 1); /* dimension */
    put(items, TYPE, type);
    put(items, HEADER_SIZE - 4, 1); /* the first item is number one */
}

void pg_array_add(struct buf *items, enum pg_type type, struct str bytes)
{
    bool is_null = bytes.ptr == NULL;
    assert(bytes.len <= INT32_MAX);
    if (items->len == 0)
        begin(items, type);
    assert(get(items, TYPE) == (uint32_t)type);
    uint32_t length = htobe32(is_null ? UINT32_MAX : (uint32_t)bytes.len);
    if (is_null)
        put(items, NULLS, 1);
    put(items, COUNT, get(items, COUNT) + 1);
    buf_append(items, &length, sizeof(length));
    buf_append(items, bytes.ptr, is_null ? 0 : bytes.len);
}

int64_t pg_array_instant(int64_t wall_ms)
{
    enum { EPOCH_S = 946684800 };
    return (wall_ms - EPOCH_S * INT64_C(1000)) * 1000;
}
