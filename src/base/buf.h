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
void buf_append(struct buf *buf, const void *bytes, size_t len);
void buf_append_str(struct buf *buf, struct str text);
void buf_append_text(struct buf *buf, const char *text);
void buf_append_char(struct buf *buf, char c);
void buf_append_number(struct buf *buf, int64_t number); /* in decimal */
void buf_printf(struct buf *buf, const char *format, ...) printf_like(2, 3);

/* Room for `len` more bytes, to be filled by the caller, who then adds to buf->len. */
char *buf_reserve(struct buf *buf, size_t len);

/* What it holds, borrowed until the next change. */
struct str buf_str(const struct buf *buf);

/* Empty, keeping the memory. */
void buf_reset(struct buf *buf);

/* Empty, without memory; fine on a zeroed struct and twice. */
void buf_free(struct buf *buf);

#endif
