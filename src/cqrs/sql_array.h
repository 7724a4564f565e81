/* Arrays as PostgreSQL reads them: many rows in the parameters of one statement. A buffer collects
 * the items, without the braces; zeroed, it is the empty array. */
#ifndef CQRS_SQL_ARRAY_H
#define CQRS_SQL_ARRAY_H

#include "io/pg/pg_query.h"

/* {NULL, 0} is SQL's null. */
void sql_array_add(struct buf *items, struct str text);
void sql_array_add_number(struct buf *items, int64_t number);
void sql_array_add_bytes(struct buf *items, struct str bytes); /* for a bytea[] */

/* Reads a bytea as PostgreSQL writes it, \x and two digits a byte, into `out`, which is emptied
 * first. */
bool sql_bytes_parse(struct str text, struct buf *out) must_check;

/* The array as the next parameter. */
void sql_array_bind(struct pg_values *values, const struct buf *items);

#endif
