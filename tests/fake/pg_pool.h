/* io/pg_pool.h with the test in the database's place: what was submitted waits until the test says
 * what became of it. */
#ifndef FAKE_PG_POOL_H
#define FAKE_PG_POOL_H

#include "io/pg/pg_pool.h"

/* A result: `cells` row by row, NULL for NULL. */
struct pg_rows {
    size_t count;
    int columns;
    const char *const *cells;
    size_t affected;
};

struct fake_query {
    const struct pg_statement *statement;
    struct pg_values values;
    pg_done_fn *done;
    void *arg;
};

enum { FAKE_QUERIES_MAX = 8, FAKE_STATEMENTS_MAX = 64 };

struct pg_pool {
    struct loop *loop;
    struct pg_statement *statements[FAKE_STATEMENTS_MAX];
    unsigned statement_count;
    struct fake_query queries[FAKE_QUERIES_MAX]; /* the oldest first */
    size_t count;
};

/* $1 is number 0; NULL gives ptr NULL. */
struct str fake_query_value(const struct fake_query *query, int number);

/* Completes the oldest query, of which there must be one. */
void fake_pg_pool_answer(struct pg_pool *pool, const struct pg_outcome *outcome);

#endif
