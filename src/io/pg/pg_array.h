/* Arrays in PostgreSQL's binary format (array_recv in its sources): many rows in the parameters of
 * one statement, without a word of text to parse. A buffer collects the items, all of one type;
 * zeroed, it is no array yet.
 *
 *   dimensions, has nulls, the items' type, count, lower bound (four bytes each, the highest first)
 *   then of each item its length, -1 for null, and its bytes */
#ifndef IO_PG_PG_ARRAY_H
#define IO_PG_PG_ARRAY_H

#include "base/buf.h"

/* The types' numbers in PostgreSQL's catalogue (pg_type.dat), which never change. */
enum pg_type {
    PG_TYPE_BOOLEAN = 16,
    PG_TYPE_BYTEA = 17,
    PG_TYPE_BIGINT = 20,
    PG_TYPE_TEXT = 25,
    PG_TYPE_TIMESTAMPTZ = 1184,
    PG_TYPE_UUID = 2950,
};

/* `bytes` as PostgreSQL sends that type in binary; ptr NULL: null. */
void pg_array_add(struct buf *items, enum pg_type type, struct str bytes);

/* An instant as PostgreSQL has it: microseconds since 2000. */
int64_t pg_array_instant(int64_t wall_ms);

#endif
