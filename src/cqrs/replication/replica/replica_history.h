/* What happened to each record, on its way into mamparo.history: collected, then stored by one
 * statement, which keeps what is there already. */
#ifndef CQRS_REPLICATION_REPLICA_REPLICA_HISTORY_H
#define CQRS_REPLICATION_REPLICA_REPLICA_HISTORY_H

#include "cqrs/calendar.h"
#include "cqrs/replication/event.h"
#include "model/schema.h"

/* Zeroed but for the calendar, it holds nothing; the buffers are arrays of cqrs/sql_array. */
struct replica_history {
    struct calendar *calendar; /* borrowed: opens the months, says what is kept */
    struct buf collections, subjects, versions, times, kinds, actors, befores, afters;
    size_t count;
};

/* `images` is the event's {version, before, after}. Opens the month that it lies in: not while a
 * transaction is under way. False with the session's fault. */
bool replica_history_add(struct replica_history *history, struct pg_session *session,
                         const struct event *event, const struct json *images) must_check;

/* Stores it, in the transaction that is open or in one of its own, and empties `history`. False
 * with the session's fault. */
bool replica_history_store(struct replica_history *history, struct pg_session *session) must_check;

void replica_history_free(struct replica_history *history);

#endif
