/* The place of the one process that applies a service's stream to a database: an advisory lock,
 * which goes with the session that holds it. */
#ifndef CQRS_REPLICATION_REPLICA_REPLICA_PLACE_H
#define CQRS_REPLICATION_REPLICA_REPLICA_PLACE_H

#include "io/pg/pg_session.h"

enum replica_place { REPLICA_PLACE_MINE, REPLICA_PLACE_TAKEN, REPLICA_PLACE_FAILED };

/* Also gives the database's own id, of at most `size` bytes, for the relay. FAILED with the
 * session's fault. */
enum replica_place replica_place_take(struct pg_session *session, const char *service, char *id,
                                      size_t size);

/* How long ("3s") the session may say nothing before the database ends it, so that a process which
 * froze loses its place. */
bool replica_place_hold(struct pg_session *session, const char *span) must_check;

#endif
