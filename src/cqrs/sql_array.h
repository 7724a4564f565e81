/* Arrays as parameters (io/pg/pg_array): many rows in one statement. A buffer collects the items,
 * all of one kind; zeroed, it is the empty array of any. */
#ifndef CQRS_SQL_ARRAY_H
#define CQRS_SQL_ARRAY_H

#include "base/ident.h"
#include "io/pg/pg_array.h"
#include "io/pg/pg_query.h"

void sql_array_add(struct buf *items, struct str text);            /* text[]; ptr NULL: null */
void sql_array_add_bytes(struct buf *items, struct str bytes);     /* bytea[] */
void sql_array_add_number(struct buf *items, int64_t number);      /* bigint[] */
void sql_array_add_truth(struct buf *items, bool truth);           /* boolean[] */
void sql_array_add_uuid(struct buf *items, const struct uuid *id); /* uuid[]; NULL: null */
void sql_array_add_time(struct buf *items, int64_t wall_ms);       /* timestamptz[] */

/* The array as the next parameter. */
void sql_array_bind(struct pg_values *values, const struct buf *items);

/* Several of them as the next parameters, and they are empty again. */
void sql_array_bind_all(struct pg_values *values, struct buf *arrays, size_t count);

/* Reads a bytea as PostgreSQL writes it in text, \x and two digits a byte, into `out`, which is
 * emptied first. */
bool sql_bytes_parse(struct str text, struct buf *out) must_check;

#endif
