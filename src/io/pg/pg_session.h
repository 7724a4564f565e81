/* One connection for a thread of its own: say a statement, wait for its answer, with a deadline. */
#ifndef IO_PG_PG_SESSION_H
#define IO_PG_PG_SESSION_H

#include "io/pg/pg_query.h"

struct pg_session;

/* Each statement has `deadline` to answer, here and at the server. NULL with a line in `mistake`
 * when the database cannot be reached. */
struct pg_session *pg_session_open(const char *url, msec_t deadline, char *mistake,
                                   size_t mistake_size);
void pg_session_close(struct pg_session **session);

/* Runs one statement with values, or, where `values` is NULL, a script of several. True when it
 * worked; `outcome`, which may be NULL, then lends the rows until the next call. False otherwise,
 * with a line in pg_session_fault(); after UNAVAILABLE or TIMEOUT the session is of no more use. */
bool pg_session_run(struct pg_session *session, const char *sql, const struct pg_values *values,
                    struct pg_outcome *outcome) must_check;

/* Queues a statement, which is prepared the first time that its text is queued. What is queued goes
 * out with pg_session_settle, in one transaction and one round trip; nothing is run between. */
void pg_session_queue(struct pg_session *session, const char *sql, const struct pg_values *values);

/* Runs what is queued: all of it, or none. True with the outcome of the last statement, as for
 * pg_session_run; false with the fault of the first that was refused. */
bool pg_session_settle(struct pg_session *session, struct pg_outcome *outcome) must_check;

/* About the last statement that failed. */
const char *pg_session_fault(const struct pg_session *session);

/* Its SQLSTATE, five characters; empty where the database did not answer. */
const char *pg_session_sqlstate(const struct pg_session *session);

#endif
