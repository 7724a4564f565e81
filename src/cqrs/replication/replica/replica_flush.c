#include "cqrs/replication/replica/replica_flush.h"

bool replica_flush_relax(struct pg_session *session)
{
    return pg_session_run(session,
                          "set synchronous_commit = off; set plan_cache_mode = force_generic_plan;"
                          "set enable_seqscan = off; set gin_pending_list_limit = 512",
                          NULL, NULL);
}

void replica_flush_see(struct replica_flush *flush, struct position before,
                       const struct replica_log *log)
{
    if (log->on_disk < flush->end)
        return;
    flush->flushed = flush->awaited;
    flush->awaited = before;
    flush->end = log->end;
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
    if (!pg_session_settle(session, NULL))
        return false;
    *flush = (struct replica_flush){.flushed = cursor->position, .awaited = cursor->position};
    return true;
}
