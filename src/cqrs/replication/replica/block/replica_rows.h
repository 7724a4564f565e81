/* Rows on their way into a replica's table: collected, then stored by one statement, which keeps a
 * row only where its version is higher than what is there, and keeps the collection's total. */
#ifndef CQRS_REPLICATION_REPLICA_BLOCK_REPLICA_ROWS_H
#define CQRS_REPLICATION_REPLICA_BLOCK_REPLICA_ROWS_H

#include "cqrs/replication/event.h"
#include "cqrs/replication/replica/block/replica_images.h"
#include "io/pg/pg_session.h"
#include "model/schema.h"

/* Zeroed, it holds none; the buffers are arrays of cqrs/sql_array. */
struct replica_rows {
    struct buf ids, versions, deleted, created, bodies;
    size_t count;
};

struct replica_row {
    struct uuid id;
    int64_t version, created_at; /* wall milliseconds */
    struct str body;
    bool is_deleted;
};

void replica_rows_add(struct replica_rows *rows, const struct replica_row *row);

/* What an event leaves behind. False where its images lack a field without a default, or are
 * another record's. */
bool replica_rows_add_event(struct replica_rows *rows, const struct collection *collection,
                            const struct event *event,
                            const struct replica_images *images) must_check;

/* Appends an image that another version of the model wrote, as this one has it. False where it
 * lacks a field without a default. */
bool replica_rows_complete(const struct collection *collection, struct str image,
                           struct buf *out) must_check;

/* Queues the statement that stores them, and empties `rows`. */
void replica_rows_store(struct replica_rows *rows, const struct collection *collection,
                        struct pg_session *session);

/* Queues one that deletes what lies behind `after` up to `upto`, ids as text, both "" for none, and
 * is not exactly one of the rows. */
void replica_rows_clear(const struct replica_rows *rows, const struct collection *collection,
                        struct pg_session *session, const char *after, const char *upto);

void replica_rows_free(struct replica_rows *rows);

#endif
