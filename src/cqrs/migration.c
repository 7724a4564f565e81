#include "cqrs/migration.h"

#include <stdio.h>

#include "base/log.h"
#include "io/pg/pg_session.h"
#include "model/avro/compatibility.h"

enum { STATEMENT_MS = 3600000 };

/* Compares one schema that was in use with what the collection has now. */
static void compare(const struct migration *migration, const struct pg_rows *rows, size_t row,
                    struct buf *mistakes)
{
    struct str service = pg_rows_text(rows, row, 0), name = pg_rows_text(rows, row, 1);
    const struct collection *collection = model_find(migration->model, service, name);
    char mistake[JSON_MISTAKE_SIZE];
    struct buf file = {0};
    if (collection == NULL) {
        /* Not ours any more, or not yet: a newer version of the model may be rolled out. */
        log_warn("model.lacks_collection", log_str("service", service), log_str("name", name));
        return;
    }
    struct json *older = json_parse(pg_rows_text(rows, row, 2), mistake);
    buf_printf(&file, "%s/%s.avsc", collection->service, collection->name);
    if (older == NULL)
        buf_printf(mistakes, "%s: the schema kept in the database is no JSON: %s\n", file.ptr,
                   mistake);
    else
        (void)!compatibility_check(file.ptr, older, collection->event_schema, mistakes);
    if (older != NULL)
        json_free(&older);
    buf_free(&file);
}

/* False with the session's fault. */
static bool check(const struct migration *migration, struct pg_session *session)
{
    static const char there_sql[] = "select to_regclass('mamparo.schemas') is not null";
    static const char sql[] =
        "select service, collection, schema from mamparo.schemas order by since";
    struct pg_outcome outcome;
    struct buf mistakes = {0};
    if (!pg_session_run(session, there_sql, NULL, &outcome))
        return false;
    if (!str_equal(pg_rows_text(outcome.rows, 0, 0), STR("t")))
        return true; /* the first time */
    if (!pg_session_run(session, sql, NULL, &outcome))
        return false;
    for (size_t row = 0; row < pg_rows_count(outcome.rows); row++)
        compare(migration, outcome.rows, row, &mistakes);
    if (mistakes.len > 0)
        migration->refuse(mistakes.ptr);
    buf_free(&mistakes);
    return true;
}

bool migration_run(const struct migration *migration, char *why, size_t why_size)
{
    struct buf script = {0};
    if (atomic_load(migration->is_done))
        return true;
    struct pg_session *session = pg_session_open(migration->url, STATEMENT_MS, why, why_size);
    if (session == NULL)
        return false;
    ddl_write(migration->model, migration->side, &script);
    bool is_done = check(migration, session) && pg_session_run(session, script.ptr, NULL, NULL);
    if (is_done)
        log_info("database.migrated");
    else
        snprintf(why, why_size, "%s", pg_session_fault(session));
    atomic_store(migration->is_done, is_done);
    buf_free(&script);
    pg_session_close(&session);
    return is_done;
}
