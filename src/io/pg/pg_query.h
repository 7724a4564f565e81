/* One statement with its values, on its way through a pool and back. */
#ifndef IO_PG_PG_QUERY_H
#define IO_PG_PG_QUERY_H

#include "base/buf.h"
#include "base/ident.h"
#include "base/status.h"
#include "io/pg/pg_array.h"

enum pg_kind { PG_KIND_READ, PG_KIND_WRITE };

/* A text that a pool knows. */
struct pg_statement {
    unsigned number; /* its place in the pool; PG_STATEMENTS_MAX: it has none */
    char *sql;
    enum pg_kind kind;
    int parameter_count;
    const struct pg_statement *many; /* see pg_pool_statement_many; NULL: none */
};

struct pg_rows; /* never defined: a libpq result behind our own name */

size_t pg_rows_count(const struct pg_rows *rows);
struct str pg_rows_text(const struct pg_rows *rows, size_t row,
                        int column); /* NULL gives ptr NULL */
int64_t pg_rows_number(const struct pg_rows *rows, size_t row, int column); /* NULL gives 0 */
size_t pg_rows_affected(const struct pg_rows *rows); /* by INSERT, UPDATE or DELETE */

/* What became of a query. STATUS_OK: it is committed and `rows` is there. CONFLICT: a unique index
 * refused it; `constraint` names it. UNCERTAIN (writes only): the connection broke after the commit
 * was asked for. QUEUE_FULL, QUEUE_TIMEOUT, UNAVAILABLE: nothing happened. INTERNAL: the database
 * refused the statement; `message` says why and is for the log alone. */
struct pg_outcome {
    enum status status;
    const struct pg_rows *rows;
    const char *sqlstate, *constraint, *message;
};
typedef void pg_done_fn(void *arg, const struct pg_outcome *outcome);

enum { PG_PARAMETERS_MAX = 24 };

/* Values, in the order of $1, $2 …; owned. Zeroed, it holds none. A text is of whatever type the
 * statement wants there, where it runs by itself; all others have a type of their own. */
struct pg_values {
    struct uuid lock_order; /* a batch's members run in this order; see pg_values_lock */
    bool runs_alone;        /* it locks several rows, in their order */
    struct buf bytes;
    int count;
    struct {
        size_t offset;
        int length;
        enum pg_type type;
        bool is_null, is_binary;
    } at[PG_PARAMETERS_MAX];
};

void pg_values_add_text(struct pg_values *values, struct str text);
void pg_values_add_text_or_null(struct pg_values *values, struct str text); /* empty is NULL */
void pg_values_add_number(struct pg_values *values, int64_t number);        /* bigint */
void pg_values_add_truth(struct pg_values *values, bool truth);
void pg_values_add_uuid(struct pg_values *values, const struct uuid *id);
void pg_values_add_time(struct pg_values *values, int64_t wall_ms);   /* timestamptz */
void pg_values_add_bytes(struct pg_values *values, struct str bytes); /* bytea */
/* Says which row the statement locks. All batches lock rows in the order of their ids, so that no
 * two of them wait for each other's. */
void pg_values_lock(struct pg_values *values, const struct uuid *row);

void pg_values_free(struct pg_values *values);

#endif
