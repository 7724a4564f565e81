/* One connection to Redis for a thread of its own: say commands, wait for their replies, with a
 * deadline. Replies are looked at one by one: an error reply leaves the connection alive. */
#ifndef IO_REDIS_CONN_H
#define IO_REDIS_CONN_H

#include "io/redis_reply.h"

struct redis_conn;
/* `url` is redis://[[user]:password@]host[:port][/database]. NULL with a line in `mistake`, which
 * never holds the password. */
struct redis_conn *redis_conn_open(const char *url, char *mistake, size_t mistake_size);

/* The same with a deadline of its own in the usual one's place, for connecting and for replies. */
struct redis_conn *redis_conn_open_within(const char *url, msec_t deadline, char *mistake,
                                          size_t mistake_size);
void redis_conn_close(struct redis_conn **conn);

/* Queues a command, to go out at the first redis_conn_next. Texts may hold any bytes. */
void redis_conn_queue(struct redis_conn *conn, const struct str *words, size_t count);

/* The reply to the oldest command queued, the caller's to free. NULL when the connection broke or
 * nothing came within `wait` beyond the usual deadline: then it is of no more use, and what was
 * queued may or may not have been done. */
struct redis_reply *redis_conn_next(struct redis_conn *conn, msec_t wait);

/* Queue and next in one, when nothing else is queued. */
struct redis_reply *redis_conn_command(struct redis_conn *conn, const struct str *words,
                                       size_t count);

/* The numeric address of our end. False when the connection is gone. */
enum { REDIS_LOCAL_SIZE = 64 };
bool redis_conn_local_address(const struct redis_conn *conn, char out[REDIS_LOCAL_SIZE]) must_check;

const char *redis_conn_fault(const struct redis_conn *conn);

#endif
