#include "io/pg/pg_session.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>

#include "base/clock.h"
#include "io/pg/pg_raw.h"

struct pg_session {
    PGconn *conn;
    PGresult *result; /* the last, lent out */
    msec_t deadline;
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
    session->deadline = deadline;
    return session;
}

void pg_session_close(struct pg_session **session)
{
    struct pg_session *gone = *session;
    if (gone == NULL)
        return;
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
    enum { NETWORK_MS = 5000 }; /* the server's own limit comes first */
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

bool pg_session_run(struct pg_session *session, const char *sql, const struct pg_values *values,
                    struct pg_outcome *outcome)
{
    struct pg_outcome unused;
    struct pg_arrays arrays;
    outcome = outcome == NULL ? &unused : outcome;
    PQclear(session->result);
    session->result = NULL;
    session->sqlstate[0] = '\0';
    int sent;
    if (values == NULL) {
        sent = PQsendQuery(session->conn, sql);
    } else {
        pg_raw_arrays(values, &arrays);
        sent = PQsendQueryParams(session->conn, sql, values->count, NULL, arrays.values,
                                 arrays.lengths, arrays.formats, 0);
    }
    if (sent)
        session->result = collect(session);
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
