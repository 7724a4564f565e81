/* The statements of lists and their counts. Their text depends on which fields are asked for and
 * how, never on what a client says of them. */
#ifndef CQRS_QUERY_LIST_SQL_H
#define CQRS_QUERY_LIST_SQL_H

#include "cqrs/query/query.h"
#include "io/pg/pg_pool.h"

/* A page, and one record more where there is one: columns total and body; one row with no
 * body where there is no record. */
const struct pg_statement *list_sql_page(struct pg_pool *pool, const struct collection *collection,
                                         const struct query *query, struct pg_values *values);

/* One row: the sum of all counts, and the LIST_SQL_COUNTS_MAX largest as JSON. */
enum { LIST_SQL_COUNTS_MAX = 100 };
const struct pg_statement *list_sql_stats(struct pg_pool *pool, const struct collection *collection,
                                          const struct query *query, struct pg_values *values);

#endif
