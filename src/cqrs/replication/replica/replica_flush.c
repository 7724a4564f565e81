#include "cqrs/replication/replica/replica_flush.h"

#include <stdio.h>

bool replica_flush_relax(struct pg_session *session)
{
    return pg_session_run(session,
                          "set synchronous_commit = off; set plan_cache_mode = force_generic_plan;"
                          "set enable_seqscan = off",
                          NULL, NULL);
}

bool replica_flush_look(struct replica_flush *flush, struct pg_session *session,
                        const struct replica_cursor *cursor)
{
    static const char sql[] = "select pg_current_wal_insert_lsn(),\n"
                              "  pg_current_wal_flush_lsn() >= nullif($1, '')::pg_lsn";
    struct pg_outcome outcome;
    struct pg_values values = {0};
    if (position_compare(flush->flushed, cursor->position) == 0)
        return true;
    pg_values_add_text(&values, str_from(flush->lsn));
    bool is_read = pg_session_run(session, sql, &values, &outcome);
    pg_values_free(&values);
    if (!is_read)
        return false;
    bool is_flushed = str_equal(pg_rows_text(outcome.rows, 0, 1), STR("t"));
    if (is_flushed)
        flush->flushed = flush->awaited;
    if (is_flushed || flush->lsn[0] == '\0') {
        flush->awaited = cursor->position;
        snprintf(flush->lsn, sizeof(flush->lsn), STR_FMT,
                 STR_ARG(pg_rows_text(outcome.rows, 0, 0)));
    }
    return true;
}

/* A commit that waits for the disk has all before it there too. */
bool replica_flush_force(struct replica_flush *flush, struct pg_session *session,
                         const struct replica_cursor *cursor)
{
    struct pg_values none = {0};
    if (position_compare(flush->flushed, cursor->position) == 0)
        return true;
    pg_session_queue(session, "select set_config('synchronous_commit', 'on', true)", &none);
    replica_save_cursor(session, cursor);
    if (!pg_session_settle(session))
        return false;
    *flush = (struct replica_flush){.flushed = cursor->position};
    return true;
}
