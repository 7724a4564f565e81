#include "cqrs/slot.h"

#include <stdio.h>

static const char prepare_sql[] =
    "select pg_drop_replication_slot(slot_name) from pg_replication_slots\n"
    "  where slot_name = '%s' and wal_status = 'lost' and not active;\n"
    "insert into mamparo.epoch (epoch)\n"
    "  select gen_random_uuid() where not exists (\n"
    "    select from pg_replication_slots where slot_name = '%s')\n"
    "  on conflict (singleton) do update set epoch = excluded.epoch;\n"
    "delete from mamparo.streams where not exists (\n"
    "  select from pg_replication_slots where slot_name = '%s')";
static const char make_sql[] =
    "select pg_create_logical_replication_slot('%s', 'pgoutput') where not exists (\n"
    "  select from pg_replication_slots where slot_name = '%s')";

static const char unlock_sql[] = "select pg_advisory_unlock_all(); set idle_session_timeout = 0";

static bool fail(struct pg_session *session, char *why, size_t why_size)
{
    snprintf(why, why_size, "%s", pg_session_fault(session));
    return false;
}

/* Another process may be at it: then it is done when this one looks again. One that freezes at it
 * loses the lock with its session. */
static bool lock(struct pg_session *session, char *why, size_t why_size)
{
    struct pg_outcome outcome;
    if (!pg_session_run(session, "set idle_session_timeout = '3s'", NULL, NULL) ||
        !pg_session_run(session, "select pg_try_advisory_lock(7237412386095722)", NULL, &outcome))
        return fail(session, why, why_size);
    if (str_equal(pg_rows_text(outcome.rows, 0, 0), STR("t")))
        return true;
    snprintf(why, why_size, "another process is at it");
    return false;
}

bool slot_ensure(struct pg_session *session, const char *slot, char *why, size_t why_size)
{
    struct buf prepare = {0}, make = {0};
    if (!lock(session, why, why_size))
        return false;
    buf_printf(&prepare, prepare_sql, slot, slot, slot);
    buf_printf(&make, make_sql, slot, slot);
    bool is_done = pg_session_run(session, prepare.ptr, NULL, NULL) &&
                   pg_session_run(session, make.ptr, NULL, NULL) &&
                   pg_session_run(session, unlock_sql, NULL, NULL);
    buf_free(&prepare);
    buf_free(&make);
    return is_done || fail(session, why, why_size);
}
