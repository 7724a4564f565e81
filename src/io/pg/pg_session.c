#include "io/pg/pg_session.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>

#include "base/clock.h"
#include "io/pg/pg_raw.h"

enum {
    PREPARED_MAX = 32,
    NETWORK_MS = 5000, /* the server's own limit comes first */
};

struct pg_session {
    PGconn *conn;
    PGresult *result; /* the last, lent out */
    msec_t deadline;
    char *prepared[PREPARED_MAX]; /* texts; the names are their places */
    size_t prepared_count;
    bool is_broken; /* it did not take what was queued */
    char fault[256], sqlstate[6];
};

struct pg_session *pg_session_open(const char *url, msec_t deadline, char *mistake,
                                   size_t mistake_size)
{
    char limits[96];
    snprintf(limits, sizeof(limits),
             "-c statement_timeout=%lld -c client_connection_check_interval=5000",
             (long long)deadline);
    struct pg_conn *conn = pg_raw_connect(url, limits, NULL);
    const char *fault = pg_raw_fault(conn);
    if (fault != NULL) {
        snprintf(mistake, mistake_size, "%s", fault);
        pg_raw_close(&conn);
        return NULL;
    }
    struct pg_session *session = mem_new(1, sizeof(*session));
    session->conn = (PGconn *)conn;
    PQsetnonblocking(session->conn, 1); /* so that sending has a deadline too */
    session->deadline = deadline;
    return session;
}

static void forget_prepared(struct pg_session *session)
{
    while (session->prepared_count > 0)
        free(session->prepared[--session->prepared_count]);
}

void pg_session_close(struct pg_session **session)
{
    struct pg_session *gone = *session;
    if (gone == NULL)
        return;
    forget_prepared(gone);
    PQclear(gone->result);
    PQfinish(gone->conn);
    free(gone);
    *session = NULL;
}

const char *pg_session_fault(const struct pg_session *session)
{
    return session->fault;
}

const char *pg_session_sqlstate(const struct pg_session *session)
{
    return session->sqlstate;
}

/* Waits for the socket; false when the deadline passed or the connection broke. */
static bool wait_for_socket(PGconn *conn, bool wants_to_write, msec_t until)
{
    msec_t left = until - clock_monotonic();
    struct pollfd fd = {.fd = PQsocket(conn), .events = POLLIN};
    if (wants_to_write)
        fd.events |= POLLOUT;
    int ready = left <= 0 ? 0 : poll(&fd, 1, (int)left);
    if (ready < 0)
        return errno == EINTR;
    return ready > 0 && (fd.revents == POLLOUT || PQconsumeInput(conn));
}

/* True when libpq has the whole of the next result. */
static bool wait_for_result(PGconn *conn, msec_t until)
{
    for (;;) {
        int left = PQflush(conn);
        if (left < 0)
            return false;
        if (left == 0 && !PQisBusy(conn))
            return true;
        if (!wait_for_socket(conn, left > 0, until))
            return false;
    }
}

/* The last result of what was sent; the first that failed wins over it. NULL when it did not come.
 */
static PGresult *collect(const struct pg_session *session)
{
    PGconn *conn = session->conn;
    msec_t until = clock_monotonic() + session->deadline + NETWORK_MS;
    PGresult *kept = NULL;
    for (;;) {
        if (!wait_for_result(conn, until)) {
            PQclear(kept);
            return NULL;
        }
        PGresult *next = PQgetResult(conn);
        if (next == NULL)
            return kept;
        if (PQresultStatus(kept) == PGRES_FATAL_ERROR && kept != NULL) {
            PQclear(next);
            continue;
        }
        PQclear(kept);
        kept = next;
    }
}

/* Takes `session->result`, NULL where none came, for what became of it. */
static bool judge(struct pg_session *session, struct pg_outcome *outcome)
{
    session->sqlstate[0] = '\0';
    if (session->result == NULL) {
        *outcome = (struct pg_outcome){.status = STATUS_UNAVAILABLE};
        const char *fault = pg_raw_fault((struct pg_conn *)session->conn);
        snprintf(session->fault, sizeof(session->fault), "%s",
                 fault != NULL ? fault : "no answer within the deadline");
        return false;
    }
    pg_raw_outcome(session->result, outcome);
    if (outcome->status != STATUS_OK) {
        snprintf(session->fault, sizeof(session->fault), "%s",
                 outcome->message != NULL ? outcome->message : "the database refused");
        snprintf(session->sqlstate, sizeof(session->sqlstate), "%s",
                 outcome->sqlstate != NULL ? outcome->sqlstate : "");
    }
    return outcome->status == STATUS_OK;
}

bool pg_session_run(struct pg_session *session, const char *sql, const struct pg_values *values,
                    struct pg_outcome *outcome)
{
    struct pg_outcome unused;
    struct pg_arrays arrays;
    int sent;
    PQclear(session->result);
    session->result = NULL;
    if (values == NULL) {
        sent = PQsendQuery(session->conn, sql);
    } else {
        pg_raw_arrays(values, &arrays);
        sent = PQsendQueryParams(session->conn, sql, values->count, NULL, arrays.values,
                                 arrays.lengths, arrays.formats, 0);
    }
    if (sent)
        session->result = collect(session);
    return judge(session, outcome == NULL ? &unused : outcome);
}

/* Several in one round trip */

/* The place of a statement among the prepared ones; it is prepared in front of its first use. Where
 * there are too many it has none. */
static size_t prepare(struct pg_session *session, const char *sql)
{
    char name[16];
    size_t i = 0;
    while (i < session->prepared_count && strcmp(session->prepared[i], sql) != 0)
        i++;
    if (i < session->prepared_count || i == PREPARED_MAX)
        return i;
    snprintf(name, sizeof(name), "s%zu", i);
    session->prepared[session->prepared_count++] = mem_copy(sql, strlen(sql));
    session->is_broken = session->is_broken || !PQsendPrepare(session->conn, name, sql, 0, NULL);
    return i;
}

void pg_session_queue(struct pg_session *session, const char *sql, const struct pg_values *values)
{
    char name[16];
    int sent;
    struct pg_arrays arrays;
    if (PQpipelineStatus(session->conn) == PQ_PIPELINE_OFF)
        session->is_broken = !PQenterPipelineMode(session->conn);
    size_t at = prepare(session, sql);
    pg_raw_arrays(values, &arrays);
    if (at < PREPARED_MAX) {
        snprintf(name, sizeof(name), "s%zu", at);
        sent = PQsendQueryPrepared(session->conn, name, values->count, arrays.values,
                                   arrays.lengths, arrays.formats, 0);
    } else {
        sent = PQsendQueryParams(session->conn, sql, values->count, NULL, arrays.values,
                                 arrays.lengths, arrays.formats, 0);
    }
    session->is_broken = session->is_broken || !sent;
}

/* The last result before the Sync's own, or the first that is an error; NULL when the Sync's did
 * not come. */
static PGresult *collect_queued(const struct pg_session *session)
{
    msec_t until = clock_monotonic() + session->deadline + NETWORK_MS;
    PGresult *kept = NULL;
    /* NULL is the end of one statement; after another NULL nothing more will come. */
    for (int nulls = 0; nulls < 2 && wait_for_result(session->conn, until);) {
        PGresult *next = PQgetResult(session->conn);
        nulls = next == NULL ? nulls + 1 : 0;
        if (next == NULL)
            continue;
        if (PQresultStatus(next) == PGRES_PIPELINE_SYNC) {
            PQclear(next);
            return kept;
        }
        bool has_failed = kept != NULL && PQresultStatus(kept) == PGRES_FATAL_ERROR;
        PQclear(has_failed ? next : kept);
        kept = has_failed ? kept : next;
    }
    PQclear(kept);
    return NULL;
}

/* Which of the statements were prepared before the error came is not worth knowing. */
static void start_over(struct pg_session *session)
{
    forget_prepared(session);
    if (PQexitPipelineMode(session->conn) && PQsendQuery(session->conn, "deallocate all"))
        PQclear(collect(session));
}

bool pg_session_settle(struct pg_session *session, struct pg_outcome *outcome)
{
    struct pg_outcome unused;
    if (outcome == NULL)
        outcome = &unused;
    *outcome = (struct pg_outcome){.status = STATUS_OK};
    PQclear(session->result);
    session->result = NULL;
    if (PQpipelineStatus(session->conn) == PQ_PIPELINE_OFF)
        return true; /* nothing was queued */
    if (!session->is_broken && PQpipelineSync(session->conn))
        session->result = collect_queued(session);
    bool is_done = judge(session, outcome);
    if (is_done)
        PQexitPipelineMode(session->conn);
    else
        start_over(session);
    return is_done;
}
