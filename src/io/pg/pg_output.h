/* The messages of pgoutput, protocol version 1, as PostgreSQL's manual has them (55.9 "Logical
 * Replication Message Formats"): read from bytes, without a connection, so that any bytes can be
 * tried on it. Only what an append-only table needs: Begin, Relation, Insert, Commit. */
#ifndef IO_PG_PG_OUTPUT_H
#define IO_PG_PG_OUTPUT_H

#include "base/buf.h"
#include "io/pg/pg_log.h"

/* What earlier messages said that later ones need. Zeroed at first but for the table; free it
 * once. */
struct pg_output {
    /* Whose rows are read. A partition is described too, but its rows come as the table's. NULL:
     * those of what was described last. */
    const char *table;
    uint64_t commit; /* of the transaction under way */
    uint64_t index;  /* of its next row */
    uint32_t relation;
    int column_count;
    struct str names[PG_LOG_COLUMNS_MAX];
    struct buf described; /* where they are */
};

enum pg_output_kind {
    PG_OUTPUT_ROW,     /* `row` is filled; it borrows from the message and from the struct */
    PG_OUTPUT_OTHER,   /* understood or of no interest */
    PG_OUTPUT_INVALID, /* not a message of this protocol */
};

enum pg_output_kind pg_output_read(struct pg_output *output, struct str message,
                                   struct pg_log_row *row);

void pg_output_free(struct pg_output *output);

#endif
