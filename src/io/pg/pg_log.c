#include "io/pg/pg_log.h"

#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>

#include "base/clock.h"
#include "io/pg/pg_output.h"
#include "io/pg/pg_raw.h"

enum {
    DATA_HEAD = 25,         /* 'w', start, end, time: chapter 55.4 */
    KEEPALIVE_SIZE = 18,    /* 'k', end, time, "answer me" */
    STATUS_SIZE = 34,       /* 'r', written, flushed, applied, time, "answer me" */
    STATUS_EVERY_MS = 1000, /* a third of what the server waits for it */
    SILENT_MS = 10000,      /* a server answers while it reads a long log, too */
};

struct pg_log {
    PGconn *conn;
    struct pg_output output;
    char *message; /* libpq's, that the last row borrows from */
    uint64_t sent, confirmed;
    msec_t status_at, ask_at; /* when the next one is due */
    msec_t heard_at;
};

static void put_integer(char *out, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        out[i] = (char)(value >> (56 - 8 * i));
}

static uint64_t get_integer(const char *bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | (unsigned char)bytes[i];
    return value;
}

static bool send_status(struct pg_log *log, bool must_answer)
{
    enum { MS_FROM_1970_TO_2000 = 946684800 };
    char status[STATUS_SIZE] = {'r'};
    put_integer(status + 1, log->confirmed);
    put_integer(status + 9, log->confirmed);
    put_integer(status + 17, log->confirmed);
    put_integer(status + 25,
                (uint64_t)(clock_wall_ms() - (int64_t)MS_FROM_1970_TO_2000 * 1000) * 1000);
    status[STATUS_SIZE - 1] = must_answer ? 1 : 0;
    log->status_at = clock_monotonic() + STATUS_EVERY_MS;
    return PQputCopyData(log->conn, status, sizeof(status)) == 1 && PQflush(log->conn) >= 0;
}

/* Runs one command of the replication protocol; `*result_out` is the caller's to clear. */
static bool run(PGconn *conn, const char *command, ExecStatusType wanted, PGresult **result_out)
{
    *result_out = PQexec(conn, command);
    return PQresultStatus(*result_out) == wanted;
}

static bool has_sqlstate(const PGresult *result, const char *state)
{
    return str_equal(str_from(PQresultErrorField(result, PG_DIAG_SQLSTATE)), str_from(state));
}

static void say_error(const PGresult *result, PGconn *conn, char *mistake, size_t mistake_size)
{
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *fault = pg_raw_fault((struct pg_conn *)conn);
    snprintf(mistake, mistake_size, "%s",
             message != NULL ? message : (fault != NULL ? fault : "the command was refused"));
}

static enum pg_log_opening start(PGconn *conn, const struct pg_log_options *options,
                                 uint64_t position, char *mistake, size_t mistake_size)
{
    char command[256];
    PGresult *result;
    enum pg_log_opening opening = PG_LOG_OPENED;
    snprintf(command, sizeof(command),
             "START_REPLICATION SLOT \"%s\" LOGICAL %X/%X "
             "(proto_version '1', publication_names '%s', binary 'true')",
             options->slot, (unsigned)(position >> 32), (unsigned)position, options->publication);
    if (!run(conn, command, PGRES_COPY_BOTH, &result)) {
        say_error(result, conn, mistake, mistake_size);
        opening = has_sqlstate(result, "55006") /* object_in_use */ ? PG_LOG_HELD_ELSEWHERE
                                                                    : PG_LOG_FAILED;
    }
    PQclear(result);
    return opening;
}

enum pg_log_opening pg_log_open(const struct pg_log_options *options, uint64_t position,
                                struct pg_log **log_out, char *mistake, size_t mistake_size)
{
    /* A reader that froze keeps the slot no longer than this: it answers several times a second. */
    struct pg_conn *raw = pg_raw_connect(options->url, "-c wal_sender_timeout=3000", "database");
    PGconn *conn = (PGconn *)raw;
    const char *fault = pg_raw_fault(raw);
    enum pg_log_opening opening = PG_LOG_FAILED;
    if (fault != NULL)
        snprintf(mistake, mistake_size, "%s", fault);
    else
        opening = start(conn, options, position, mistake, mistake_size);
    if (opening != PG_LOG_OPENED) {
        PQfinish(conn);
        return opening;
    }
    struct pg_log *log = mem_new(1, sizeof(*log));
    log->conn = conn;
    log->confirmed = position;
    log->output.table = options->table;
    *log_out = log;
    return PG_LOG_OPENED;
}

void pg_log_close(struct pg_log **log)
{
    struct pg_log *gone = *log;
    if (gone == NULL)
        return;
    PQfreemem(gone->message);
    pg_output_free(&gone->output);
    PQfinish(gone->conn);
    free(gone);
    *log = NULL;
}

static enum pg_log_next broken(struct pg_log *log, const char *what, char *mistake, size_t size)
{
    const char *fault = pg_raw_fault((struct pg_conn *)log->conn);
    snprintf(mistake, size, "%s", fault != NULL ? fault : what);
    return PG_LOG_BROKEN;
}

/* What one CopyData holds: a row, nothing of interest (QUIET), or no sense (BROKEN). */
static enum pg_log_next take_message(struct pg_log *log, struct str message, struct pg_log_row *row)
{
    if (message.len >= KEEPALIVE_SIZE && message.ptr[0] == 'k') {
        log->sent = get_integer(message.ptr + 1);
        bool must_answer = message.ptr[KEEPALIVE_SIZE - 1] != 0;
        return must_answer && !send_status(log, false) ? PG_LOG_BROKEN : PG_LOG_QUIET;
    }
    if (message.len <= DATA_HEAD || message.ptr[0] != 'w')
        return PG_LOG_BROKEN;
    struct str inner = {message.ptr + DATA_HEAD, message.len - DATA_HEAD};
    switch (pg_output_read(&log->output, inner, row)) {
    case PG_OUTPUT_ROW:
        return PG_LOG_ROW;
    case PG_OUTPUT_OTHER:
        return PG_LOG_QUIET;
    default:
        return PG_LOG_BROKEN;
    }
}

/* Only by who reads the answers: unread, they would pile up. Who has not asked for a while, since
 * he could take no more, was not left without an answer. */
static bool ask_for_sign(struct pg_log *log)
{
    msec_t now = clock_monotonic();
    if (now < log->ask_at)
        return true;
    if (now - log->ask_at > STATUS_EVERY_MS)
        log->heard_at = now;
    log->ask_at = now + STATUS_EVERY_MS;
    return send_status(log, true);
}

static enum pg_log_next nothing_came(struct pg_log *log, char *mistake, size_t mistake_size)
{
    if (clock_monotonic() - log->heard_at < SILENT_MS)
        return PG_LOG_QUIET;
    return broken(log, "PostgreSQL does not answer, though it keeps the connection", mistake,
                  mistake_size);
}

enum pg_log_next pg_log_next(struct pg_log *log, struct pg_log_row *row, char *mistake,
                             size_t mistake_size)
{
    bool has_looked = false;
    if (!ask_for_sign(log))
        return broken(log, "the status could not be sent", mistake, mistake_size);
    for (;;) {
        PQfreemem(log->message);
        log->message = NULL;
        int len = PQgetCopyData(log->conn, &log->message, 1);
        /* libpq holds some kilobytes; the rest of a long log still waits in the socket. */
        if (len == 0 && !has_looked) {
            has_looked = true;
            PQconsumeInput(log->conn); /* a failure shows in the next PQgetCopyData */
            continue;
        }
        if (len == 0)
            return nothing_came(log, mistake, mistake_size);
        if (len < 0)
            return broken(log, "the stream ended", mistake, mistake_size);
        log->heard_at = clock_monotonic();
        enum pg_log_next next = take_message(log, (struct str){log->message, (size_t)len}, row);
        if (next == PG_LOG_ROW)
            return next;
        if (next == PG_LOG_BROKEN)
            return broken(log, "a message makes no sense", mistake, mistake_size);
    }
}

void pg_log_wait(struct pg_log *log, msec_t wait)
{
    struct pollfd fd = {.fd = PQsocket(log->conn), .events = POLLIN};
    if (poll(&fd, 1, (int)wait) > 0)
        PQconsumeInput(log->conn); /* a failure shows in the next PQgetCopyData */
}

bool pg_log_keep(struct pg_log *log)
{
    return clock_monotonic() < log->status_at || send_status(log, false);
}

bool pg_log_confirm(struct pg_log *log, uint64_t position)
{
    if (position > log->confirmed)
        log->confirmed = position;
    return send_status(log, false);
}

uint64_t pg_log_sent(const struct pg_log *log)
{
    return log->sent;
}
