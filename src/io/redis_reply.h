/* What Redis answered: a tree, of which every part lies in the memory of the whole, so that a reply
 * of ten thousand texts costs no more than a few allocations. */
#ifndef IO_REDIS_REPLY_H
#define IO_REDIS_REPLY_H

#include "base/buf.h"

struct redis_reply;

enum redis_kind {
    REDIS_KIND_NIL,
    REDIS_KIND_TEXT, /* a string or a status */
    REDIS_KIND_NUMBER,
    REDIS_KIND_ARRAY,
    REDIS_KIND_ERROR,
};

/* Of the whole, never of a part. NULL may be passed. */
void redis_reply_free(struct redis_reply **reply);

/* Nothing that a server may send trips these: what is not there is nil, empty, 0 or NULL, and NULL
 * may be passed to each of them. */
enum redis_kind redis_reply_kind(const struct redis_reply *reply);
struct str redis_reply_text(const struct redis_reply *reply); /* of a text or an error */
int64_t redis_reply_number(const struct redis_reply *reply);  /* of a number; 0 for others */
size_t redis_reply_count(const struct redis_reply *reply);    /* of an array; 0 for others */
const struct redis_reply *redis_reply_item(const struct redis_reply *reply, size_t index);

/* Texts and arrays of them as RESP, and back; what else it holds becomes nil. The caller frees what
 * was parsed, which is NULL where `bytes` are no reply. */
void redis_reply_write(const struct redis_reply *reply, struct buf *out);
struct redis_reply *redis_reply_parse(struct str bytes);

/* For io/redis_conn.c: has a reader of hiredis (redisReader) make such replies. */
void redis_reply_read_with(void *reader);

#endif
