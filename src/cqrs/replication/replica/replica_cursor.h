/* How far a replica has come: its cursor, in its own database and as the relay is told of it. */
#ifndef CQRS_REPLICATION_REPLICA_REPLICA_CURSOR_H
#define CQRS_REPLICATION_REPLICA_REPLICA_CURSOR_H

#include "cqrs/replication/event.h"
#include "io/pg/pg_session.h"
#include "model/model.h"

/* How far one service has come. */
struct replica_cursor {
    const struct service *service;
    struct position position;
    char epoch[48];          /* empty: it was never filled */
    struct position awaited; /* the stream's top when it was last looked at */
};

/* Queues the statement that moves the cursor in the database, and tells how long its log is, and
 * how much of that the disk has. */
void replica_save_cursor(struct pg_session *session, const struct replica_cursor *cursor);

/* A database's write-ahead log, as its cursor's statement tells of it. */
struct replica_log {
    uint64_t end, on_disk;
};
struct replica_log replica_read_log(const struct pg_rows *cursor);

/* Tells the relay, through Redis, how far this replica has come. */
bool replica_report(struct redis_conn *redis, const char *replica_id,
                    const struct replica_cursor *cursor) must_check;

/* The same in two steps, with other commands queued between; false where Redis is gone. */
void replica_queue_report(struct redis_conn *redis, const char *replica_id,
                          const struct replica_cursor *cursor);
bool replica_is_heard(struct redis_conn *redis) must_check;

#endif
