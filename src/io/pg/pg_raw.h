/* What the io/pg_*.c files share among themselves about libpq, and nobody else sees. */
#ifndef IO_PG_PG_RAW_H
#define IO_PG_PG_RAW_H

#include "io/loop.h"
#include "io/pg/pg_query.h"

struct pg_conn; /* never defined: a libpq connection behind our own name */

/* Connects, which blocks: DNS, TLS and authentication have no deadline but connect_timeout (3 s).
 * Never NULL; pg_raw_fault says whether it worked. The caller closes it. `session` sets parameters
 * ("-c name=value"); `replication` is "database" for reading the log, else NULL. */
struct pg_conn *pg_raw_connect(const char *url, const char *session, const char *replication);
void pg_raw_close(struct pg_conn **conn);

/* NULL for a working connection, else one line about what is wrong; NULL is none that works. */
const char *pg_raw_fault(struct pg_conn *conn);

/* The same in a thread of its own, then `done` is called in the loop, with a connection that is in
 * pipeline mode, or with one that has a fault. The texts live until then. */
typedef void pg_connected_fn(void *arg, struct pg_conn *conn);
void pg_raw_connect_later(struct loop *loop, const char *url, const char *session,
                          pg_connected_fn *done, void *arg);

/* Fills the arrays that libpq wants from `values`; they borrow. */
struct pg_arrays {
    const char *values[PG_PARAMETERS_MAX];
    int lengths[PG_PARAMETERS_MAX];
    int formats[PG_PARAMETERS_MAX];
};
void pg_raw_arrays(const struct pg_values *values, struct pg_arrays *out);

/* The outcome of one libpq result (a PGresult), which it borrows. */
void pg_raw_outcome(const void *result, struct pg_outcome *out);

#endif
