#include "io/pg/pg_batch.h"

#include <libpq-fe.h>
#include <stdio.h>

#include "io/pg/pg_many.h"

struct pg_batch {
    PGconn *conn;
    struct pg_batch_options options;
    struct loop_watch *watch;
    struct list queries; /* in the order sent; answered ones first */
    struct list *next;   /* the one whose answer comes next */
    struct pg_many many;
    size_t count;
    bool has_failed;   /* a member did: all of it is undone */
    PGresult *refusal; /* of the commit itself, where a deferred constraint failed */
    bool is_sync_sent; /* before that nothing can have been committed */
    struct loop_timer deadline;
    uint8_t is_prepared[PG_STATEMENTS_MAX];
};

static void on_readable(void *arg);
static void on_writable(void *arg);
static void on_batch_too_long(struct loop_timer *timer);

void pg_batch_free_query(struct pg_query *query)
{
    PQclear(query->result);
    pg_values_free(&query->values);
    if (query->statement->number == PG_STATEMENTS_MAX) {
        free(query->statement->sql);
        free((void *)(uintptr_t)query->statement);
    }
    free(query);
}

static void begin_empty(struct pg_batch *batch)
{
    list_init(&batch->queries);
    batch->next = &batch->queries;
    batch->count = 0;
    batch->has_failed = false;
    PQclear(batch->refusal);
    batch->refusal = NULL;
    batch->is_sync_sent = false;
}

struct pg_batch *pg_batch_new(struct pg_conn *conn, const struct pg_batch_options *options)
{
    struct pg_batch *batch = mem_new(1, sizeof(*batch));
    batch->conn = (PGconn *)conn;
    batch->options = *options;
    batch->deadline.fired = on_batch_too_long;
    begin_empty(batch);
    batch->watch = loop_watch_open(options->loop, PQsocket(batch->conn), on_readable, batch);
    if (batch->watch == NULL)
        abort();
    return batch;
}

void pg_batch_free(struct pg_batch **batch)
{
    struct pg_batch *gone = *batch;
    if (gone == NULL)
        return;
    loop_timer_stop(&gone->deadline);
    loop_watch_close(&gone->watch);
    PQclear(gone->refusal);
    pg_many_free(&gone->many);
    PQfinish(gone->conn);
    free(gone);
    *batch = NULL;
}

bool pg_batch_admit(const struct pg_batch *batch, const struct pg_query *query)
{
    return batch->count == 0 || (batch->count < batch->options.most && !query->runs_alone);
}

static bool is_alone(const struct pg_batch *batch)
{
    const struct list *first = batch->queries.next;
    return first != &batch->queries && first->next == &batch->queries;
}

static bool locks_before(const struct pg_query *a, const struct pg_query *b)
{
    return memcmp(&a->values.lock_order, &b->values.lock_order, sizeof(struct uuid)) < 0;
}

void pg_batch_add(struct pg_batch *batch, struct pg_query *query)
{
    struct list *before = batch->queries.prev;
    while (before != &batch->queries &&
           locks_before(query, container_of(before, struct pg_query, link)))
        before = before->prev;
    list_append(before->next, &query->link);
    /* One that runs alone fills the batch by itself. */
    batch->count = query->runs_alone ? batch->options.most : batch->count + 1;
    query->batch = batch;
}

/* Sending */

static void lose(struct pg_batch *batch, const char *fault)
{
    struct list none;
    list_init(&none);
    loop_timer_stop(&batch->deadline);
    for (struct list *link; (link = list_take_first(&batch->queries)) != NULL;) {
        struct pg_query *query = container_of(link, struct pg_query, link);
        /* What was answered before the Sync was not committed yet. */
        PQclear(query->result);
        query->result = NULL;
        call_end(&query->call, query->statement->kind == PG_KIND_WRITE && batch->is_sync_sent
                                   ? STATUS_UNCERTAIN
                                   : STATUS_UNAVAILABLE);
    }
    batch->count = 0;
    batch->options.over(batch->options.arg, &none, fault);
}

/* False when the connection was lost over it, and the batch with it. */
static bool flush(struct pg_batch *batch)
{
    int left = PQflush(batch->conn);
    if (left < 0) {
        lose(batch, pg_raw_fault((struct pg_conn *)batch->conn));
        return false;
    }
    if (left > 0)
        loop_watch_writable(batch->watch, on_writable);
    batch->is_sync_sent = left == 0;
    return true;
}

static void on_writable(void *arg)
{
    flush(arg);
}

/* The query at `*next`, with those behind it that go with it. */
static bool send_next(struct pg_batch *batch, struct list **next)
{
    struct pg_query *query = container_of(*next, struct pg_query, link);
    struct pg_arrays arrays;
    char name[16];
    assert(query->values.count == query->statement->parameter_count);
    const struct pg_statement *statement =
        pg_many_take(&batch->many, next, &batch->queries, &arrays);
    if (statement->number == PG_STATEMENTS_MAX)
        return PQsendQueryParams(batch->conn, statement->sql, query->values.count, NULL,
                                 arrays.values, arrays.lengths, arrays.formats, 0) == 1;
    query->sent = statement;
    snprintf(name, sizeof(name), "s%u", statement->number);
    if (!batch->is_prepared[statement->number]) {
        if (!PQsendPrepare(batch->conn, name, statement->sql, 0, NULL))
            return false;
        /* For those behind it in this batch too; taken back where it fails. */
        batch->is_prepared[statement->number] = 1;
        query->is_preparing = true;
    }
    return PQsendQueryPrepared(batch->conn, name, query->values.count, arrays.values,
                               arrays.lengths, arrays.formats, 0) == 1;
}

void pg_batch_send(struct pg_batch *batch)
{
    batch->next = batch->queries.next;
    loop_timer_start(batch->options.loop, &batch->deadline, batch->options.batch_ms);
    for (struct list *next = batch->next; next != &batch->queries;) {
        if (!send_next(batch, &next)) {
            lose(batch, pg_raw_fault((struct pg_conn *)batch->conn));
            return;
        }
    }
    if (PQpipelineSync(batch->conn))
        flush(batch);
    else
        lose(batch, pg_raw_fault((struct pg_conn *)batch->conn));
}

/* Receiving */

/* The only member of its batch gets the commit's own refusal in place of its success. */
static void hand_over_refusal(struct pg_batch *batch, struct pg_query *query)
{
    PQclear(query->result);
    query->result = batch->refusal;
    batch->refusal = NULL;
}

static void finish(struct pg_batch *batch)
{
    struct list queries, again;
    /* One that failed in a batch of its own has its answer. */
    bool is_repeated = batch->has_failed && !is_alone(batch);
    list_init(&queries);
    list_init(&again);
    list_move_all(&queries, &batch->queries);
    loop_timer_stop(&batch->deadline);
    if (batch->refusal != NULL && !is_repeated)
        hand_over_refusal(batch, container_of(queries.next, struct pg_query, link));
    begin_empty(batch);
    for (struct list *link; (link = list_take_first(&queries)) != NULL;) {
        struct pg_query *query = container_of(link, struct pg_query, link);
        if (!is_repeated) {
            call_end(&query->call, STATUS_OK);
            continue;
        }
        PQclear(query->result);
        query->result = NULL;
        query->runs_alone = true;
        query->follows = false;
        query->batch = NULL;
        list_append(&again, &query->link);
    }
    batch->options.over(batch->options.arg, &again, NULL);
}

/* Every member has its answer already, and yet one more comes before the Sync's: the commit was
 * refused, and with it all of them. */
static void take_refusal(struct pg_batch *batch, PGresult *result)
{
    batch->has_failed = true;
    PQclear(batch->refusal);
    batch->refusal = result;
}

static void tell_followers(struct pg_batch *batch, const PGresult *result)
{
    for (; batch->next != &batch->queries; batch->next = batch->next->next) {
        struct pg_query *query = container_of(batch->next, struct pg_query, link);
        if (!query->follows)
            return;
        query->result = PQcopyResult(result, 0);
    }
}

/* Puts a result where it belongs: each query may be preceded by its statement's own answer. */
static void take(struct pg_batch *batch, PGresult *result)
{
    if (batch->next == &batch->queries) {
        take_refusal(batch, result);
        return;
    }
    struct pg_query *query = container_of(batch->next, struct pg_query, link);
    ExecStatusType type = PQresultStatus(result);
    bool has_failed = type == PGRES_FATAL_ERROR || type == PGRES_PIPELINE_ABORTED;
    batch->has_failed = batch->has_failed || has_failed;
    if (query->is_preparing) {
        query->is_preparing = false;
        batch->is_prepared[query->sent->number] = !has_failed;
        if (type != PGRES_FATAL_ERROR) {
            PQclear(result);
            return;
        }
        query->result = result; /* says more than the "aborted" that follows */
        return;
    }
    if (query->result == NULL)
        query->result = result;
    else
        PQclear(result);
    batch->next = batch->next->next;
    tell_followers(batch, query->result);
}

static void on_readable(void *arg)
{
    struct pg_batch *batch = arg;
    bool was_null = false;
    if (!PQconsumeInput(batch->conn)) {
        lose(batch, pg_raw_fault((struct pg_conn *)batch->conn));
        return;
    }
    while (batch->count > 0 && !PQisBusy(batch->conn)) {
        PGresult *result = PQgetResult(batch->conn);
        if (PQstatus(batch->conn) == CONNECTION_BAD) {
            PQclear(result);
            lose(batch, pg_raw_fault((struct pg_conn *)batch->conn));
            return;
        }
        if (result == NULL && was_null)
            return; /* it has no more to say for now */
        was_null = result == NULL;
        if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
            PQclear(result);
            finish(batch);
            return;
        }
        if (result != NULL)
            take(batch, result);
    }
}

static void on_batch_too_long(struct loop_timer *timer)
{
    lose(container_of(timer, struct pg_batch, deadline), "no answer within the deadline");
}

/* PostgreSQL sees the connection closed (client_connection_check_interval) and stops. A cancel
 * request would block, and might hit the query that comes next. */
bool pg_batch_give_up(struct pg_batch *batch)
{
    if (!is_alone(batch))
        return false;
    struct pg_query *query = container_of(list_take_first(&batch->queries), struct pg_query, link);
    PQclear(query->result);
    query->result = NULL;
    call_end(&query->call, STATUS_CANCELLED);
    return true;
}
