/* The write-ahead log as a stream of inserted rows: a logical replication slot read with pgoutput,
 * protocol version 1, in binary (PostgreSQL 15 manual, chapters 55.4 and 55.9).
 *
 * PostgreSQL lets one client hold a slot, so whoever holds it leads. The stream comes in the order
 * of commits, and after a reconnection again from what was confirmed last. */
#ifndef IO_PG_PG_LOG_H
#define IO_PG_PG_LOG_H

#include "base/status.h"
#include "base/str.h"

struct pg_log;

struct pg_log_options {
    const char *url;
    const char *slot;        /* a name of lower-case letters, digits and underscores */
    const char *publication; /* likewise */
    const char *table;       /* whose rows are read; lives as long as the log */
};

enum pg_log_opening {
    PG_LOG_OPENED,
    PG_LOG_HELD_ELSEWHERE, /* another process leads; nothing is wrong */
    PG_LOG_FAILED,
};

/* Starts reading the slot, which must be there, at `position` or at what was confirmed, whichever
 * is later. Only PG_LOG_OPENED gives a log; the others give a line in `mistake`. */
enum pg_log_opening pg_log_open(const struct pg_log_options *options, uint64_t position,
                                struct pg_log **log_out, char *mistake, size_t mistake_size);
void pg_log_close(struct pg_log **log);

enum { PG_LOG_COLUMNS_MAX = 32 };

/* A row that a committed transaction inserted. Values are as PostgreSQL sends their type in binary,
 * NULL as ptr NULL; all of it borrows until the next call. */
struct pg_log_row {
    uint64_t commit; /* the position (LSN) of its transaction's commit */
    uint64_t index;  /* among the rows of that transaction, from 0 */
    int column_count;
    struct {
        struct str name, value;
    } columns[PG_LOG_COLUMNS_MAX];
};

enum pg_log_next {
    PG_LOG_ROW,    /* `row` is there */
    PG_LOG_QUIET,  /* nothing for now: wait with pg_log_wait */
    PG_LOG_BROKEN, /* the connection, its server silent for 10 s, or a message that makes no sense;
                      `mistake` says which */
};
enum pg_log_next pg_log_next(struct pg_log *log, struct pg_log_row *row, char *mistake,
                             size_t mistake_size);

/* Until something can be read, or for `wait`. */
void pg_log_wait(struct pg_log *log, msec_t wait);

/* Tells the server that everything up to `position` is safe elsewhere: it may forget that part. */
bool pg_log_confirm(struct pg_log *log, uint64_t position) must_check;

/* Tells the server that somebody is there, where it was not told for a second; pg_log_next does so
 * too. Whoever is silent for three seconds loses the slot, however much there is to read. */
bool pg_log_keep(struct pg_log *log) must_check;

/* How far the server says that it has sent. */
uint64_t pg_log_sent(const struct pg_log *log);

#endif
