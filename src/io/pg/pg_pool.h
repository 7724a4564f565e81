/* Pipelined connections to one database, for one loop, with one bounded queue before them.
 *
 *   pg_pool_submit → queue → (end of the turn) batch on a free connection, one Sync → done
 *
 * What comes while a batch is under way forms the next one: group commit. A batch is one
 * transaction; where it fails, its members run again one by one, so that one bad query never spoils
 * its neighbours. */
#ifndef IO_PG_PG_POOL_H
#define IO_PG_PG_POOL_H

#include "io/loop.h"
#include "io/pg/pg_query.h"

struct pg_pool;

struct pg_pool_options {
    const char *url; /* lives as long as the pool */
    int connections;
    int64_t queue_max;    /* queries */
    msec_t queue_ms;      /* the longest wait for a connection */
    msec_t batch_ms;      /* a batch that takes longer means a dead connection */
    int64_t statement_ms; /* PostgreSQL's statement_timeout; 0: none */
    int64_t lock_ms;      /* its lock_timeout; 0: none */
    size_t batch_max;     /* queries; with 1, a slow one delays none that has a connection */
    /* While so many are under way, fewer than those wait for each other, 1 ms at most: fuller
     * batches are less work, and few clients never wait. */
    int64_t batch_min;
    /* A query whose asker left ends with CANCELLED: out of the queue, or, where it runs by itself,
     * together with its connection. */
    bool follows_askers;
    enum status timeout; /* the ending of a statement that took too long */
    /* Told when the first connection is there, and when the last is gone, with the reason. */
    void (*on_change)(void *arg, bool is_up, const char *why);
    void *arg;
};

/* Connects by itself, again and again. Pools live as long as their loop. */
struct pg_pool *pg_pool_open(struct loop *loop, const struct pg_pool_options *options);

/* The statement of that text, prepared when it is first used on a connection. Beyond
 * PG_STATEMENTS_MAX texts it is one that is parsed each time, and lives until its one query ends.
 */
enum { PG_STATEMENTS_MAX = 1024 };
const struct pg_statement *pg_pool_statement(struct pg_pool *pool, enum pg_kind kind,
                                             const char *sql, int parameter_count);

/* A statement of one write that can do `many` at once: there each parameter is an array of theirs,
 * in binary, so `sql` takes a text for no other type. It must fail, where it does not do all that
 * `sql` would have done for each: then they run again one by one. The rows that it affected are
 * those of all of them. */
const struct pg_statement *pg_pool_statement_many(struct pg_pool *pool, const char *sql,
                                                  const char *many_sql, int parameter_count);

/* One that is not kept: parsed each time, and gone when its one query ends. For texts of which
 * there may be more than PG_STATEMENTS_MAX. */
const struct pg_statement *pg_pool_statement_once(enum pg_kind kind, const char *sql,
                                                  int parameter_count);

/* Takes the values over. `done` comes once, later, with what is known. */
void pg_pool_submit(struct pg_pool *pool, const struct pg_statement *statement,
                    struct pg_values *values, pg_done_fn *done, void *arg);

/* False when whatever is submitted now would end with QUEUE_FULL: before much work is done for
 * it. */
bool pg_pool_has_room(const struct pg_pool *pool) must_check;

/* The loop that it was opened on. */
struct loop *pg_pool_loop(const struct pg_pool *pool);

#endif
