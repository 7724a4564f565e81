#include "fake/pg_session.h"

static void note(struct pg_session *session, const char *sql, const struct pg_values *values)
{
    session->runs++;
    buf_reset(&session->sql);
    buf_append_text(&session->sql, sql);
    for (int i = 0; i < values->count; i++) {
        buf_free(&session->values[i]);
        buf_append(&session->values[i], values->bytes.ptr + values->at[i].offset,
                   (size_t)values->at[i].length);
    }
}

void pg_session_queue(struct pg_session *session, const char *sql, const struct pg_values *values)
{
    note(session, sql, values);
}

bool pg_session_run(struct pg_session *session, const char *sql, const struct pg_values *values,
                    struct pg_outcome *outcome)
{
    note(session, sql, values);
    if (outcome != NULL)
        *outcome = (struct pg_outcome){.status = STATUS_OK, .rows = *session->rows++};
    return true;
}

bool pg_session_settle(struct pg_session *session, struct pg_outcome *outcome)
{
    (void)session;
    if (outcome != NULL)
        *outcome = (struct pg_outcome){.status = STATUS_OK};
    return true;
}

void fake_pg_session_fini(struct pg_session *session)
{
    buf_free(&session->sql);
    for (size_t i = 0; i < PG_PARAMETERS_MAX; i++)
        buf_free(&session->values[i]);
}
