/* What a binary array of cqrs/sql_array holds, written for people: {a,b,NULL}. */
#ifndef UNIT_CQRS_GIVEN_ARRAY_H
#define UNIT_CQRS_GIVEN_ARRAY_H

#include "base/ident.h"
#include "cqrs/sql_array.h"

static inline uint32_t given_number_at(struct str bytes, size_t at)
{
    uint32_t number = 0;
    for (size_t i = at; i < at + 4; i++)
        number = number << 8 | (unsigned char)bytes.ptr[i];
    return number;
}

static inline void given_item(uint32_t type, struct str item, struct buf *out)
{
    enum { BOOLEAN = 16, BIGINT = 20, TIMESTAMPTZ = 1184, UUID = 2950 };
    char id[UUID_TEXT_SIZE];
    int64_t number = 0;
    struct uuid uuid;
    for (size_t i = 0; i < item.len && i < 8; i++)
        number = (int64_t)((uint64_t)number << 8 | (unsigned char)item.ptr[i]);
    if (type == BOOLEAN) {
        buf_append_text(out, item.ptr[0] ? "t" : "f");
    } else if (type == BIGINT || type == TIMESTAMPTZ) {
        buf_append_number(out, number);
    } else if (type == UUID) {
        memcpy(&uuid, item.ptr, sizeof(uuid));
        uuid_format(&uuid, id);
        buf_append_text(out, id);
    } else {
        buf_append_str(out, item);
    }
}

static inline void given_array(struct str bytes, struct buf *out)
{
    size_t at = 20;
    uint32_t count = bytes.len < at ? 0 : given_number_at(bytes, 12);
    buf_append_char(out, '{');
    for (uint32_t i = 0; i < count; i++) {
        uint32_t len = given_number_at(bytes, at);
        at += 4;
        if (i > 0)
            buf_append_char(out, ',');
        if (len == UINT32_MAX)
            buf_append_text(out, "NULL");
        else
            given_item(given_number_at(bytes, 8), (struct str){bytes.ptr + at, len}, out);
        at += len == UINT32_MAX ? 0 : len;
    }
    assert(count == 0 || at == bytes.len);
    buf_append_char(out, '}');
}

#endif
