/* One pipelined connection: a batch of queries goes out with one Sync, and ends when the Sync's
 * own answer comes, since before it nothing is committed.
 *
 *   add … add → send → on_readable (results) → PIPELINE_SYNC → over */
#ifndef IO_PG_PG_BATCH_H
#define IO_PG_PG_BATCH_H

#include "io/call.h"
#include "io/pg/pg_pool.h"

struct pg_conn;
struct pg_batch;

/* Lifetime: from pg_pool_submit to its `done`. */
struct pg_query {
    struct call call;
    struct list link;
    struct pg_pool *pool;
    struct pg_batch *batch; /* NULL in the queue */
    const struct pg_statement *statement;
    const struct pg_statement *sent; /* that, or what does it for many */
    struct pg_values values;
    bool runs_alone;   /* it asked for it, or its batch failed once */
    bool is_preparing; /* the statement's own answer comes first */
    bool follows;      /* it went with the one before it, whose answer is its own too */
    void *result;      /* libpq's, owned; NULL until it came */
    pg_done_fn *done;
    void *arg;
};
void pg_batch_free_query(struct pg_query *query);

struct pg_batch_options {
    struct loop *loop;
    msec_t batch_ms;
    size_t most; /* queries */
    /* The batch is over: its queries have ended but those in `again`, to be run once more, alone.
     * With a fault, the connection is of no more use. */
    void (*over)(void *arg, struct list *again, const char *fault);
    void *arg;
};

/* Takes the connection over. */
struct pg_batch *pg_batch_new(struct pg_conn *conn, const struct pg_batch_options *options);
void pg_batch_free(struct pg_batch **batch);

/* Is there room for this one beside those added? */
bool pg_batch_admit(const struct pg_batch *batch, const struct pg_query *query) must_check;
void pg_batch_add(struct pg_batch *batch, struct pg_query *query);
void pg_batch_send(struct pg_batch *batch);

/* Ends a query that is alone in its batch with CANCELLED; the batch is to be freed then, and
 * `over` does not come. False, and nothing happened, for one that has company. */
bool pg_batch_give_up(struct pg_batch *batch) must_check;

#endif
