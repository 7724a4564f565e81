#include "io/pg/pg_raw.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>

static PGconn *of(struct pg_conn *conn)
{
    return (PGconn *)conn;
}

struct pg_conn *pg_raw_connect(const char *url, const char *session, const char *replication)
{
    char options[256];
    /* Instants come as text: in UTC and in ISO's order, whatever the server's own habit. */
    snprintf(options, sizeof(options), "-c TimeZone=UTC -c DateStyle=ISO,YMD %s", session);
    /* The first entry is expanded as a URL; what follows it wins over what the URL says. */
    const char *keys[] = {"dbname",
                          "options",
                          "application_name",
                          "connect_timeout",
                          "tcp_user_timeout",
                          "keepalives_idle",
                          "client_encoding",
                          replication == NULL ? NULL : "replication",
                          NULL};
    /* Of a dead network a statement's own deadline tells; only the log has none. A server that is
     * busy, and for that does not read, is not dead. */
    const char *patience_ms = replication == NULL ? "0" : "5000";
    const char *values[] = {url, options, "mamparo",   "3", patience_ms,
                            "5", "UTF8",  replication, NULL};
    return (struct pg_conn *)PQconnectdbParams(keys, values, 1);
}

void pg_raw_close(struct pg_conn **conn)
{
    if (*conn != NULL)
        PQfinish(of(*conn));
    *conn = NULL;
}

const char *pg_raw_fault(struct pg_conn *conn)
{
    if (conn == NULL)
        return "no thread could be started";
    if (PQstatus(of(conn)) == CONNECTION_OK)
        return NULL;
    /* libpq's sentence ends in a line feed, and may have several lines. */
    char *message = PQerrorMessage(of(conn));
    message[strcspn(message, "\n")] = '\0';
    return message[0] != '\0' ? message : "the connection is broken";
}

/* Lifetime: one attempt to connect. */
struct attempt {
    struct loop *loop;
    const char *url, *session;
    pg_connected_fn *done;
    void *arg;
    struct pg_conn *conn;
};

static void on_attempt_over(void *arg)
{
    struct attempt *attempt = arg;
    attempt->done(attempt->arg, attempt->conn);
    free(attempt);
}

static void *attempt_run(void *arg)
{
    struct attempt *attempt = arg;
    attempt->conn = pg_raw_connect(attempt->url, attempt->session, NULL);
    if (pg_raw_fault(attempt->conn) == NULL) {
        PQsetnonblocking(of(attempt->conn), 1);
        PQenterPipelineMode(of(attempt->conn));
    }
    loop_post(attempt->loop, on_attempt_over, attempt);
    return NULL;
}

void pg_raw_connect_later(struct loop *loop, const char *url, const char *session,
                          pg_connected_fn *done, void *arg)
{
    struct attempt *attempt = mem_new(1, sizeof(*attempt));
    pthread_t thread;
    *attempt =
        (struct attempt){.loop = loop, .url = url, .session = session, .done = done, .arg = arg};
    if (pthread_create(&thread, NULL, attempt_run, attempt) == 0)
        pthread_detach(thread);
    else
        loop_post(loop, on_attempt_over, attempt);
}

void pg_raw_arrays(const struct pg_values *values, struct pg_arrays *out)
{
    for (int i = 0; i < values->count; i++) {
        out->values[i] = values->at[i].is_null ? NULL : values->bytes.ptr + values->at[i].offset;
        out->lengths[i] = values->at[i].length;
        out->formats[i] = values->at[i].is_binary;
    }
}

void pg_raw_outcome(const void *result, struct pg_outcome *out)
{
    ExecStatusType type = PQresultStatus(result);
    *out = (struct pg_outcome){.status = STATUS_OK, .rows = result};
    if (type == PGRES_TUPLES_OK || type == PGRES_COMMAND_OK)
        return;
    out->rows = NULL;
    out->sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    out->constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
    out->message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    struct str state = str_from(out->sqlstate);
    if (str_equal(state, STR("23505")))
        out->status = STATUS_CONFLICT;
    else if (str_equal(state, STR("57014")) || str_equal(state, STR("55P03")))
        out->status = STATUS_TIMEOUT; /* statement_timeout, lock_timeout */
    else if (str_starts_with(state, STR("22")))
        out->status = STATUS_BAD_REQUEST; /* a value out of its type's range */
    else if (state.len == 0 || str_starts_with(state, STR("40")) /* rolled back: deadlock */ ||
             str_starts_with(state, STR("57P")) || str_starts_with(state, STR("53")) ||
             str_starts_with(state, STR("08")))
        out->status = STATUS_UNAVAILABLE; /* shutting down, out of resources */
    else
        out->status = STATUS_INTERNAL;
}
