/* Rows on their way into a replica's table: collected, then stored by one statement, which keeps a
 * row only where its version is higher than what is there, and keeps the collection's total. */
#ifndef CQRS_REPLICATION_REPLICA_REPLICA_ROWS_H
#define CQRS_REPLICATION_REPLICA_REPLICA_ROWS_H

#include "cqrs/replication/event.h"
#include "io/pg/pg_session.h"
#include "model/schema.h"

/* Zeroed, it holds none; the buffers are arrays of cqrs/sql_array. */
struct replica_rows {
    struct buf ids, versions, deleted, created, bodies;
    size_t count;
};

struct replica_row {
    struct str id, created_at, body;
    int64_t version;
    bool is_deleted;
};

void replica_rows_add(struct replica_rows *rows, const struct replica_row *row);

/* What an event leaves behind; `images` is its {version, before, after}. False where they lack a
 * field without a default, or are another record's. */
bool replica_rows_add_event(struct replica_rows *rows, const struct collection *collection,
                            const struct event *event, const struct json *images) must_check;

/* Stores them, in the transaction that is open or in one of their own, and empties `rows`. False
 * with the session's fault when the database refused. */
bool replica_rows_store(struct replica_rows *rows, const struct collection *collection,
                        struct pg_session *session) must_check;

/* Deletes what lies behind `after` up to `upto`, ids as text, both "" for none, and is not exactly
 * one of the rows; in the transaction that is open. False with the session's fault. */
bool replica_rows_clear(const struct replica_rows *rows, const struct collection *collection,
                        struct pg_session *session, const char *after, const char *upto) must_check;

void replica_rows_free(struct replica_rows *rows);

#endif
