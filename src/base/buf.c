#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_grow(struct buf *buf, size_t len)
{
    size_t needed = buf->len + len + 1;
    size_t capacity = buf->capacity < 128 ? 128 : buf->capacity;
    while (capacity < needed)
        capacity *= 2;
    buf->ptr = realloc(buf->ptr, capacity);
    if (buf->ptr == NULL)
        abort();
    buf->capacity = capacity;
}

void buf_append_str(struct buf *buf, struct str text)
{
    buf_append(buf, text.ptr, text.len);
}

void buf_append_text(struct buf *buf, const char *text)
{
    buf_append(buf, text, strlen(text));
}

void buf_append_number(struct buf *buf, int64_t number)
{
    char room[STR_NUMBER_SIZE];
    buf_append_str(buf, str_of_number(number, room));
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    enum { USUAL_LENGTH = 64 };
    char *end = buf_reserve(buf, USUAL_LENGTH);
    size_t room = buf->capacity - buf->len;
    va_list args;
    va_start(args, format);
    int len = vsnprintf(end, room, format, args);
    va_end(args);
    assert(len >= 0);
    if ((size_t)len >= room) {
        end = buf_reserve(buf, (size_t)len);
        va_start(args, format);
        vsnprintf(end, (size_t)len + 1, format, args);
        va_end(args);
    }
    buf->len += (size_t)len;
}

struct str buf_str(const struct buf *buf)
{
    return (struct str){buf->ptr, buf->len};
}

void buf_reset(struct buf *buf)
{
    buf->len = 0;
    if (buf->ptr != NULL)
        buf->ptr[0] = '\0';
}

void buf_free(struct buf *buf)
{
    free(buf->ptr);
    *buf = (struct buf){0};
}
