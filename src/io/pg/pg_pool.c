#include "io/pg/pg_pool.h"

#include <stdio.h>

#include "base/backoff.h"
#include "base/ident.h"
#include "io/call.h"
#include "io/pg/pg_batch.h"
#include "io/pg/pg_raw.h"

/* One connection of the pool.
 *
 *   CONNECTING → on_connected → READY ⇄ BUSY → on_batch_over → (broken) RESTING → CONNECTING
 *                                        └─ on_asker_left → CONNECTING */
struct member {
    struct pg_pool *pool;
    enum member_state {
        MEMBER_STATE_CONNECTING, /* a thread is at it */
        MEMBER_STATE_READY,      /* no batch under way */
        MEMBER_STATE_BUSY,       /* waits for its batch */
        MEMBER_STATE_RESTING,    /* until the backoff's timer */
    } state;
    bool is_up; /* it has a connection, or gave one up and has not failed since */
    struct pg_batch *batch;
    int64_t under_way; /* queries of the batch, while it is busy */
    struct backoff backoff;
    struct loop_timer rest;
};

struct pg_pool {
    struct loop *loop;
    struct pg_pool_options options;
    char session[160]; /* what every connection sets at its start */
    struct list queue; /* of struct pg_query */
    int64_t queued;
    struct loop_defer flush;
    bool is_gathering; /* queries wait for more of them, until the timer */
    struct loop_timer gathering;
    struct pg_statement *statements[PG_STATEMENTS_MAX];
    unsigned statement_count;
    unsigned up_count;
    struct member *members;
};

static void connect_member(struct member *member);

static void set_state(struct member *member, enum member_state state)
{
    assert(state != MEMBER_STATE_BUSY || member->state == MEMBER_STATE_READY);
    member->state = state;
}

static void tell_change(struct pg_pool *pool, bool is_up, const char *why)
{
    if (pool->options.on_change != NULL)
        pool->options.on_change(pool->options.arg, is_up, why);
}

/* The journey of a query */

static void on_query_end(struct call *call)
{
    struct pg_query *query = container_of(call, struct pg_query, call);
    struct pg_outcome outcome = {.status = call->status};
    if (query->result != NULL)
        pg_raw_outcome(query->result, &outcome);
    if (outcome.status == STATUS_TIMEOUT)
        outcome.status = query->pool->options.timeout;
    query->done(query->arg, &outcome);
    pg_batch_free_query(query);
}

static void unqueue(struct pg_pool *pool, struct pg_query *query)
{
    list_remove(&query->link);
    pool->queued--;
}

static void on_waited_too_long(struct call *call)
{
    struct pg_query *query = container_of(call, struct pg_query, call);
    unqueue(query->pool, query);
    call_end(call, query->pool->up_count > 0 ? STATUS_QUEUE_TIMEOUT : STATUS_UNAVAILABLE);
}

/* The member whose batch that is. */
static struct member *member_of(struct pg_pool *pool, const struct pg_batch *batch)
{
    struct member *member = pool->members;
    while (member->batch != batch)
        member++;
    return member;
}

static void on_asker_left(struct call *call)
{
    struct pg_query *query = container_of(call, struct pg_query, call);
    struct pg_pool *pool = query->pool;
    if (query->batch == NULL) {
        unqueue(pool, query);
        call_end(call, STATUS_CANCELLED);
    } else if (pg_batch_give_up(query->batch)) {
        struct member *member = member_of(pool, query->batch);
        pg_batch_free(&member->batch);
        connect_member(member);
    }
}

bool pg_pool_has_room(const struct pg_pool *pool)
{
    return pool->queued < pool->options.queue_max || pool->up_count == 0;
}

void pg_pool_submit(struct pg_pool *pool, const struct pg_statement *statement,
                    struct pg_values *values, pg_done_fn *done, void *arg)
{
    struct pg_query *query = mem_room(sizeof(*query));
    *query = (struct pg_query){.pool = pool,
                               .statement = statement,
                               .values = *values,
                               .runs_alone = values->runs_alone,
                               .done = done,
                               .arg = arg,
                               .call = {.on_deadline = on_waited_too_long, .on_end = on_query_end}};
    *values = (struct pg_values){0};
    if (pool->options.follows_askers)
        query->call.on_left = on_asker_left;
    list_init(&query->link);
    call_start(&query->call, pool->loop, pool->options.queue_ms);
    if (pool->queued >= pool->options.queue_max || pool->up_count == 0) {
        call_end(&query->call, pool->up_count == 0 ? STATUS_UNAVAILABLE : STATUS_QUEUE_FULL);
        return;
    }
    list_append(&pool->queue, &query->link);
    pool->queued++;
    loop_defer(pool->loop, &pool->flush);
}

/* Batches */

/* As many as fit together: a query that runs alone makes a batch of its own. */
static void fill(struct pg_pool *pool, struct pg_batch *batch)
{
    while (!list_is_empty(&pool->queue)) {
        struct pg_query *query = container_of(pool->queue.next, struct pg_query, link);
        if (!pg_batch_admit(batch, query))
            return;
        unqueue(pool, query);
        loop_timer_stop(&query->call.deadline);
        pg_batch_add(batch, query);
    }
}

static void send_queued(struct pg_pool *pool)
{
    loop_timer_stop(&pool->gathering);
    pool->is_gathering = false;
    for (int i = 0; i < pool->options.connections && !list_is_empty(&pool->queue); i++) {
        struct member *member = &pool->members[i];
        if (member->state != MEMBER_STATE_READY)
            continue;
        member->under_way = pool->queued;
        fill(pool, member->batch);
        member->under_way -= pool->queued;
        set_state(member, MEMBER_STATE_BUSY);
        pg_batch_send(member->batch);
    }
}

static int64_t count_under_way(const struct pg_pool *pool)
{
    int64_t count = 0;
    for (int i = 0; i < pool->options.connections; i++)
        if (pool->members[i].state == MEMBER_STATE_BUSY)
            count += pool->members[i].under_way;
    return count;
}

static void on_flush(struct loop_defer *defer)
{
    struct pg_pool *pool = container_of(defer, struct pg_pool, flush);
    enum { GATHERING_MS = 1 };
    int64_t least = pool->options.batch_min;
    if (pool->queued >= least || count_under_way(pool) < least) {
        send_queued(pool);
    } else if (!pool->is_gathering) {
        pool->is_gathering = true;
        loop_timer_start(pool->loop, &pool->gathering, GATHERING_MS);
    }
}

static void on_gathered(struct loop_timer *timer)
{
    send_queued(container_of(timer, struct pg_pool, gathering));
}

static void requeue_first(struct pg_pool *pool, struct list *queries)
{
    struct list rest;
    list_init(&rest);
    list_move_all(&rest, &pool->queue);
    for (struct list *link; (link = list_take_first(queries)) != NULL; pool->queued++) {
        struct pg_query *query = container_of(link, struct pg_query, link);
        loop_timer_start(pool->loop, &query->call.deadline, pool->options.queue_ms);
        list_append(&pool->queue, link);
    }
    list_move_all(&pool->queue, &rest);
}

static void rest_member(struct member *member, const char *why)
{
    struct pg_pool *pool = member->pool;
    pool->up_count -= member->is_up;
    member->is_up = false;
    /* Also when it never came up: whoever waits for the database wants to know why. */
    if (pool->up_count == 0)
        tell_change(pool, false, why);
    set_state(member, MEMBER_STATE_RESTING);
    loop_timer_start(pool->loop, &member->rest,
                     backoff_wait(&member->backoff, (uint32_t)ident_random()));
}

static void on_batch_over(void *arg, struct list *again, const char *fault)
{
    struct member *member = arg;
    requeue_first(member->pool, again);
    if (fault != NULL) {
        rest_member(member, fault);
        pg_batch_free(&member->batch);
    } else {
        set_state(member, MEMBER_STATE_READY);
    }
    if (!list_is_empty(&member->pool->queue))
        loop_defer(member->pool->loop, &member->pool->flush);
}

/* Connecting */

static void on_connected(void *arg, struct pg_conn *conn)
{
    struct member *member = arg;
    struct pg_pool *pool = member->pool;
    const char *fault = pg_raw_fault(conn);
    if (fault != NULL) {
        rest_member(member, fault);
        pg_raw_close(&conn);
        return;
    }
    struct pg_batch_options options = {.loop = pool->loop,
                                       .batch_ms = pool->options.batch_ms,
                                       .most = pool->options.batch_max,
                                       .over = on_batch_over,
                                       .arg = member};
    backoff_reset(&member->backoff);
    member->batch = pg_batch_new(conn, &options);
    set_state(member, MEMBER_STATE_READY);
    pool->up_count += !member->is_up;
    if (!member->is_up && pool->up_count == 1)
        tell_change(pool, true, "connected");
    member->is_up = true;
    loop_defer(pool->loop, &pool->flush);
}

static void on_rested(struct loop_timer *timer)
{
    connect_member(container_of(timer, struct member, rest));
}

static void connect_member(struct member *member)
{
    set_state(member, MEMBER_STATE_CONNECTING);
    pg_raw_connect_later(member->pool->loop, member->pool->options.url, member->pool->session,
                         on_connected, member);
}

struct pg_pool *pg_pool_open(struct loop *loop, const struct pg_pool_options *options)
{
    enum { FIRST_REST_MS = 50, LONGEST_REST_MS = 2000, NOTICE_MS = 250 };
    struct pg_pool *pool = mem_new(1, sizeof(*pool));
    pool->loop = loop;
    pool->options = *options;
    list_init(&pool->queue);
    pool->flush.run = on_flush;
    pool->gathering.fired = on_gathered;
    /* A pool's statements look things up: a plan that reads a whole table is never wanted, and to
     * compile one costs more than it saves. */
    snprintf(pool->session, sizeof(pool->session),
             "-c statement_timeout=%lld -c lock_timeout=%lld -c enable_seqscan=off -c jit=off "
             "-c client_connection_check_interval=%d",
             (long long)options->statement_ms, (long long)options->lock_ms, NOTICE_MS);
    pool->members = mem_new((size_t)options->connections, sizeof(struct member));
    for (int i = 0; i < options->connections; i++) {
        struct member *member = &pool->members[i];
        member->pool = pool;
        member->backoff = (struct backoff){.first = FIRST_REST_MS, .most = LONGEST_REST_MS};
        member->rest.fired = on_rested;
        connect_member(member);
    }
    return pool;
}

static struct pg_statement *new_statement(enum pg_kind kind, const char *sql, int parameter_count)
{
    struct pg_statement *statement = mem_new(1, sizeof(*statement));
    *statement = (struct pg_statement){.number = PG_STATEMENTS_MAX,
                                       .sql = mem_copy(sql, strlen(sql)),
                                       .kind = kind,
                                       .parameter_count = parameter_count};
    return statement;
}

const struct pg_statement *pg_pool_statement_once(enum pg_kind kind, const char *sql,
                                                  int parameter_count)
{
    return new_statement(kind, sql, parameter_count);
}

static struct pg_statement *keep_statement(struct pg_pool *pool, enum pg_kind kind, const char *sql,
                                           int parameter_count)
{
    for (unsigned i = 0; i < pool->statement_count; i++)
        if (strcmp(pool->statements[i]->sql, sql) == 0)
            return pool->statements[i];
    struct pg_statement *statement = new_statement(kind, sql, parameter_count);
    statement->number = pool->statement_count;
    if (pool->statement_count < PG_STATEMENTS_MAX)
        pool->statements[pool->statement_count++] = statement;
    return statement;
}

const struct pg_statement *pg_pool_statement(struct pg_pool *pool, enum pg_kind kind,
                                             const char *sql, int parameter_count)
{
    return keep_statement(pool, kind, sql, parameter_count);
}

const struct pg_statement *pg_pool_statement_many(struct pg_pool *pool, const char *sql,
                                                  const char *many_sql, int parameter_count)
{
    struct pg_statement *one = keep_statement(pool, PG_KIND_WRITE, sql, parameter_count);
    if (pool->statement_count < PG_STATEMENTS_MAX)
        one->many = keep_statement(pool, PG_KIND_WRITE, many_sql, parameter_count);
    return one;
}

struct loop *pg_pool_loop(const struct pg_pool *pool)
{
    return pool->loop;
}
