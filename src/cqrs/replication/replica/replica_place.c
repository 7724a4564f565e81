#include "cqrs/replication/replica/replica_place.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "cqrs/sql_array.h"
#include "model/avro/avro.h"
#include "model/avro/fingerprint.h"
#include "model/ddl.h"

#define LOCK "hashtextextended($1, 7237412386095723)"

/* When this version of the service's model was first seen here: $2 are its fingerprints. */
#define SINCE                                                                                      \
    "(select max(since) from mamparo.schemas where service = $1 and fingerprint = "                \
    "any($2::text[]))"

static const char take_sql[] = "select pg_try_advisory_lock(" LOCK "), id from mamparo.replica";
static const char wait_sql[] = "select pg_advisory_lock(" LOCK ")";
/* A session that waits for its client in the middle of a transaction's statements, which libpq
 * sends in pieces, is not idle to PostgreSQL: no timeout ends it. */
static const char send_away_sql[] =
    "select pg_terminate_backend(l.pid) from pg_locks l join pg_stat_activity s using (pid),\n"
    "  mamparo.appliers a\n"
    "where a.service = $1 and (a.since < " SINCE " or (s.state = 'active'\n"
    "    and s.wait_event = 'ClientRead' and s.query_start < now() - interval '2500 ms'))\n"
    "  and l.locktype = 'advisory' and l.granted and l.objsubid = 1\n"
    "  and l.database = (select oid from pg_database where datname = current_database())\n"
    "  and (l.classid::bigint << 32 | l.objid::bigint) = " LOCK;
static const char enter_sql[] =
    "with old as (select since from mamparo.appliers where service = $1)\n"
    "insert into mamparo.appliers as a (service, since, process) values ($1, " SINCE ", $3)\n"
    "on conflict (service) do update set since = excluded.since, process = excluded.process\n"
    "returning (select since from old) is distinct from a.since";
static const char look_back_sql[] =
    "select from mamparo.appliers where service = $1 and process <> $2";

/* `process` is what a statement says last; NULL: it does not. */
static bool run(struct pg_session *session, const char *sql, const struct service *service,
                const struct uuid *process, struct pg_outcome *outcome)
{
    struct pg_values values = {0};
    struct buf prints = {0};
    char text[FINGERPRINT_TEXT_SIZE];
    for (size_t i = 0; i < service->collection_count; i++) {
        fingerprint_format(avro_codec_fingerprint(service->collections[i]->event_codec), text);
        sql_array_add(&prints, str_from(text));
    }
    pg_values_add_text(&values, str_from(service->name));
    if (sql == send_away_sql || sql == enter_sql)
        sql_array_bind(&values, &prints);
    if (process != NULL) {
        char name[UUID_TEXT_SIZE];
        uuid_format(process, name);
        pg_values_add_text(&values, str_from(name));
    }
    bool is_run = pg_session_run(session, sql, &values, outcome);
    pg_values_free(&values);
    buf_free(&prints);
    return is_run;
}

enum replica_place replica_place_take(struct pg_session *session, const struct service *service,
                                      char *id, size_t size)
{
    struct pg_outcome outcome;
    if (!run(session, take_sql, service, NULL, &outcome))
        return REPLICA_PLACE_FAILED;
    snprintf(id, size, STR_FMT, STR_ARG(pg_rows_text(outcome.rows, 0, 1)));
    if (str_equal(pg_rows_text(outcome.rows, 0, 0), STR("t")))
        return REPLICA_PLACE_MINE;
    if (!run(session, send_away_sql, service, NULL, &outcome))
        return REPLICA_PLACE_FAILED;
    if (pg_rows_count(outcome.rows) == 0)
        return REPLICA_PLACE_TAKEN;
    static_assert(REPLICA_PLACE_MS == 2500, "as it stands in the statement");
    log_info("replica.takes_over", log_text("service", service->name));
    /* In the queue before that one can come back. */
    return run(session, wait_sql, service, NULL, &outcome) ? REPLICA_PLACE_MINE
                                                           : REPLICA_PLACE_FAILED;
}

bool replica_place_enter(struct pg_session *session, const struct service *service,
                         const struct uuid *process, struct validity *validity)
{
    struct pg_outcome outcome;
    struct buf script = {0};
    if (!run(session, look_back_sql, service, process, &outcome))
        return false;
    if (pg_rows_count(outcome.rows) > 0)
        validity_succeed(validity, clock_monotonic());
    if (!run(session, enter_sql, service, process, &outcome))
        return false;
    if (!str_equal(pg_rows_text(outcome.rows, 0, 0), STR("t")))
        return true;
    /* What the older version could not apply, this one may. */
    buf_printf(&script,
               "begin;\ndelete from mamparo.fields where service = '%s';\n"
               "update mamparo.dead_letters set tries = 0 where service = '%s';\n",
               service->name, service->name);
    ddl_write_defaults(service, &script);
    buf_append_text(&script, "commit;\n");
    bool is_done = pg_session_run(session, script.ptr, NULL, NULL);
    buf_free(&script);
    return is_done;
}

bool replica_place_hold(struct pg_session *session)
{
    char sql[128];
    snprintf(sql, sizeof(sql),
             "set idle_session_timeout = %d; set idle_in_transaction_session_timeout = %d",
             REPLICA_PLACE_MS, REPLICA_PLACE_MS);
    return pg_session_run(session, sql, NULL, NULL);
}
