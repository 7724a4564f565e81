/* One connection to Redis for a thread of its own: say commands, wait for their replies, with a
 * deadline. Replies are looked at one by one: an error reply leaves the connection alive. */
#ifndef IO_REDIS_CONN_H
#define IO_REDIS_CONN_H

#include "base/buf.h"

struct redis_conn;
struct redis_reply; /* never defined: a hiredis reply behind our own name */

enum redis_kind {
    REDIS_KIND_NIL,
    REDIS_KIND_TEXT, /* a string or a status */
    REDIS_KIND_NUMBER,
    REDIS_KIND_ARRAY,
    REDIS_KIND_ERROR,
};

/* `url` is redis://[[user]:password@]host[:port][/database]. NULL with a line in `mistake`, which
 * never holds the password. */
struct redis_conn *redis_conn_open(const char *url, char *mistake, size_t mistake_size);
void redis_conn_close(struct redis_conn **conn);

/* Queues a command, to go out at the first redis_conn_next. Texts may hold any bytes. */
void redis_conn_queue(struct redis_conn *conn, const struct str *words, size_t count);

/* The reply to the oldest command queued, the caller's to free. NULL when the connection broke or
 * nothing came within `wait` beyond the usual deadline: then it is of no more use, and what was
 * queued may or may not have been done. */
struct redis_reply *redis_conn_next(struct redis_conn *conn, msec_t wait);
void redis_reply_free(struct redis_reply **reply);

/* Queue and next in one, when nothing else is queued. */
struct redis_reply *redis_conn_command(struct redis_conn *conn, const struct str *words,
                                       size_t count);

const char *redis_conn_fault(const struct redis_conn *conn);

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

#endif
