/* Neighbours of a batch that go as one: queries of one statement that has a form for many of them
 * (pg_pool_statement_many), whose values become one array for each parameter. To PostgreSQL it is
 * then one statement with many rows, which costs it a half of as many statements with one. */
#ifndef IO_PG_PG_MANY_H
#define IO_PG_PG_MANY_H

#include "io/pg/pg_batch.h"
#include "io/pg/pg_raw.h"

/* Lifetime: its batch's. Zeroed, it has no memory yet. */
struct pg_many {
    struct buf columns[PG_PARAMETERS_MAX];
};
void pg_many_free(struct pg_many *many);

/* Takes the query at `*next` and as many behind it as may go together, and moves `*next` behind
 * them; those behind the first `follow` it. What is to be sent for them is returned; `out` has its
 * parameters, which are borrowed until the next call. */
const struct pg_statement *pg_many_take(struct pg_many *many, struct list **next,
                                        const struct list *end, struct pg_arrays *out);

#endif
