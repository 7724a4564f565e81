/* When a replica was last known to be up to date, kept in its own database: for the time when the
 * stream is out of sight, and for processes that do not apply. */
#ifndef CQRS_REPLICATION_REPLICA_REPLICA_FRESHNESS_H
#define CQRS_REPLICATION_REPLICA_REPLICA_FRESHNESS_H

#include "io/pg/pg_session.h"

enum { REPLICA_FRESHNESS_EVERY_MS = 1000 };

/* It was up to date so many milliseconds ago. */
bool replica_freshness_save(struct pg_session *session, const char *service,
                            int64_t lag_ms) must_check;

/* How many they are now, by the database's clock alone; 0 where nothing was ever saved. */
bool replica_freshness_load(struct pg_session *session, const char *service,
                            int64_t *lag_ms_out) must_check;

#endif
