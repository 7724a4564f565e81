/* A growing run of bytes that it owns. Always NUL-terminated behind its length, so that ptr is
 * also a C string once anything was appended. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/str.h"

struct buf {
    char *ptr;
    size_t len;
    size_t capacity;
};

/* All of these abort when memory ends: callers bound what they collect. */

/* Memory for `len` more bytes and the NUL; for buf_reserve. */
void buf_grow(struct buf *buf, size_t len);

/* Room for `len` more bytes, to be filled by the caller, who then adds to buf->len. */
static inline char *buf_reserve(struct buf *buf, size_t len)
{
    if (buf->capacity - buf->len <= len)
        buf_grow(buf, len);
    return buf->ptr + buf->len;
}

static inline void buf_append(struct buf *buf, const void *bytes, size_t len)
{
    char *end = buf_reserve(buf, len);
    if (len > 0)
        memcpy(end, bytes, len);
    end[len] = '\0';
    buf->len += len;
}

static inline void buf_append_char(struct buf *buf, char c)
{
    char *end = buf_reserve(buf, 1);
    end[0] = c;
    end[1] = '\0';
    buf->len++;
}

void buf_append_str(struct buf *buf, struct str text);
void buf_append_text(struct buf *buf, const char *text);
void buf_append_number(struct buf *buf, int64_t number); /* in decimal */
void buf_printf(struct buf *buf, const char *format, ...) printf_like(2, 3);

/* What it holds, borrowed until the next change. */
struct str buf_str(const struct buf *buf);

/* Empty, keeping the memory. */
void buf_reset(struct buf *buf);

/* Empty, without memory; fine on a zeroed struct and twice. */
void buf_free(struct buf *buf);

#endif
