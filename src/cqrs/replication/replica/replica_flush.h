/* How far what a replica applied has reached its database's disk. Blocks are committed without
 * waiting for that, as PostgreSQL's own subscriptions do: a crash of the database takes its last
 * moments back, the cursor with them, and they are applied again. So only what is on the disk may
 * be told the relay, which keeps the rest. */
#ifndef CQRS_REPLICATION_REPLICA_REPLICA_FLUSH_H
#define CQRS_REPLICATION_REPLICA_REPLICA_FLUSH_H

#include "cqrs/replication/replica/replica_cursor.h"

struct replica_flush {
    struct position flushed; /* on the disk */
    struct position awaited; /* as soon as the log is, up to `end` */
    uint64_t end;
};

/* From now on the session's commits do not wait, its plans are made once, for tables that may grow
 * from nothing, and what text indexes put off is done in small portions: with PostgreSQL's usual
 * 4 MB one block in thousands takes tens of milliseconds. These functions are false with the
 * session's fault. */
bool replica_flush_relax(struct pg_session *session) must_check;

/* What a block was told of the database's log: all that was committed before it, up to `before`, is
 * in it. */
void replica_flush_see(struct replica_flush *flush, struct position before,
                       const struct replica_log *log);

/* Waits until all that is committed is on the disk. */
bool replica_flush_force(struct replica_flush *flush, struct pg_session *session,
                         const struct replica_cursor *cursor) must_check;

#endif
