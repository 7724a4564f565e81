/* How far what a replica applied has reached its database's disk. Blocks are committed without
 * waiting for that, as PostgreSQL's own subscriptions do: a crash of the database takes its last
 * moments back, the cursor with them, and they are applied again. So only what is on the disk may
 * be told the relay, which keeps the rest. */
#ifndef CQRS_REPLICATION_REPLICA_REPLICA_FLUSH_H
#define CQRS_REPLICATION_REPLICA_REPLICA_FLUSH_H

#include "cqrs/replication/replica/replica.h"

struct replica_flush {
    struct position flushed; /* on the disk */
    struct position awaited; /* as soon as the log is, up to `lsn` */
    char lsn[24];            /* empty: nothing is awaited */
};

/* From now on the session's commits do not wait, and its plans are made once, for tables that may
 * grow from nothing. These functions are false with the session's fault. */
bool replica_flush_relax(struct pg_session *session) must_check;

/* Looks how far the disk is, without waiting. `cursor` is what is committed. */
bool replica_flush_look(struct replica_flush *flush, struct pg_session *session,
                        const struct replica_cursor *cursor) must_check;

/* Waits until all that is committed is on the disk. */
bool replica_flush_force(struct replica_flush *flush, struct pg_session *session,
                         const struct replica_cursor *cursor) must_check;

#endif
