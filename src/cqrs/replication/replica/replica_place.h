/* The place of the one process that applies a service's stream to a database: an advisory lock,
 * which goes with the session that holds it. */
#ifndef CQRS_REPLICATION_REPLICA_REPLICA_PLACE_H
#define CQRS_REPLICATION_REPLICA_REPLICA_PLACE_H

#include "cqrs/replication/replica/validity.h"
#include "io/pg/pg_session.h"
#include "model/model.h"

enum replica_place { REPLICA_PLACE_MINE, REPLICA_PLACE_TAKEN, REPLICA_PLACE_FAILED };

/* Also gives the database's own id, of at most `size` bytes, for the relay. An applier whose model
 * is older than this one's is sent away: it would leave out what only the newer one knows. So is
 * one that froze while it sent a block. FAILED with the session's fault. */
enum replica_place replica_place_take(struct pg_session *session, const struct service *service,
                                      char *id, size_t size);

/* For the one that has the place; `process` is its name. Where another process had it before,
 * `validity` is told; where another version of the model had it, the records get the defaults of
 * this one. False with the session's fault. */
bool replica_place_enter(struct pg_session *session, const struct service *service,
                         const struct uuid *process, struct validity *validity) must_check;

/* Keeps the place for a moment more: a session that says nothing for longer than
 * REPLICA_PLACE_MS is ended by the database, so that a process which froze loses its place. */
enum { REPLICA_PLACE_MS = 2500 };
bool replica_place_hold(struct pg_session *session) must_check;

#endif
