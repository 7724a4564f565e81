#include "fake/pg_session.h"

bool pg_session_run(struct pg_session *session, const char *sql, const struct pg_values *values,
                    struct pg_outcome *outcome)
{
    assert(outcome == NULL); /* nobody has asked for rows yet */
    session->runs++;
    buf_reset(&session->sql);
    buf_reset(&session->values);
    buf_append_text(&session->sql, sql);
    for (int i = 0; i < values->count; i++) {
        buf_append(&session->values, values->bytes.ptr + values->at[i].offset,
                   (size_t)values->at[i].length);
        buf_append_char(&session->values, '\n');
    }
    return session->fault == NULL;
}

const char *pg_session_fault(const struct pg_session *session)
{
    return session->fault;
}

void fake_pg_session_fini(struct pg_session *session)
{
    buf_free(&session->sql);
    buf_free(&session->values);
}
