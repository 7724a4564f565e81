/* An event as a row of mamparo.events in the write-ahead log, in PostgreSQL's binary format: there
 * texts and bytes are borrowed as they are, and only ids and time must be written. */
#ifndef CQRS_REPLICATION_EVENT_ROW_H
#define CQRS_REPLICATION_EVENT_ROW_H

#include "base/clock.h"
#include "base/ident.h"
#include "cqrs/replication/event.h"
#include "io/pg/pg_log.h"

/* What an event borrows that the row has in another form. */
struct event_row_texts {
    char id[UUID_TEXT_SIZE], subject[UUID_TEXT_SIZE];
    char time[CLOCK_TEXT_SIZE + 3]; /* to the microsecond */
};

/* False where the row is not one of mamparo.events. */
bool event_row_read(const struct pg_log_row *row, struct event_row_texts *texts,
                    struct event *out) must_check;

#endif
