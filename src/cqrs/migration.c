#include "cqrs/migration.h"

#include <stdio.h>

#include "base/log.h"
#include "io/pg_session.h"

enum { STATEMENT_MS = 3600000 };

bool migration_run(const struct migration *migration, char *why, size_t why_size)
{
    struct buf script = {0};
    if (atomic_load(migration->is_done))
        return true;
    struct pg_session *session = pg_session_open(migration->url, STATEMENT_MS, why, why_size);
    if (session == NULL)
        return false;
    ddl_write(migration->model, migration->side, &script);
    bool is_done = pg_session_run(session, script.ptr, NULL, NULL);
    if (is_done)
        log_info("database.migrated");
    else
        snprintf(why, why_size, "%s", pg_session_fault(session));
    atomic_store(migration->is_done, is_done);
    buf_free(&script);
    pg_session_close(&session);
    return is_done;
}
