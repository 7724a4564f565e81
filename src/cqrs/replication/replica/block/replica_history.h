/* What happened to each record, on its way into mamparo.history: collected, then stored by one
 * statement, which keeps what is there already. */
#ifndef CQRS_REPLICATION_REPLICA_BLOCK_REPLICA_HISTORY_H
#define CQRS_REPLICATION_REPLICA_BLOCK_REPLICA_HISTORY_H

#include "cqrs/calendar.h"
#include "cqrs/replication/event.h"
#include "cqrs/replication/replica/block/replica_images.h"
#include "model/schema.h"

enum { REPLICA_HISTORY_COLUMNS = 8 };

/* Zeroed but for the calendar, it holds nothing. */
struct replica_history {
    struct calendar *calendar;                   /* borrowed: opens the months, says what is kept */
    struct buf columns[REPLICA_HISTORY_COLUMNS]; /* arrays of cqrs/sql_array */
    size_t count;
};

/* Opens the month that the event lies in, before anything is queued. False with the session's
 * fault. */
bool replica_history_add(struct replica_history *history, struct pg_session *session,
                         const struct event *event, const struct replica_images *images) must_check;

/* Queues the statement that stores it, and empties `history`. */
void replica_history_store(struct replica_history *history, struct pg_session *session);

void replica_history_free(struct replica_history *history);

#endif
