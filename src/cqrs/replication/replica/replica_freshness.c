#include "cqrs/replication/replica/replica_freshness.h"

bool replica_freshness_save(struct pg_session *session, const char *service, int64_t lag_ms)
{
    static const char sql[] =
        "insert into mamparo.freshness (service, known_at)\n"
        "  values ($1, clock_timestamp() - $2::bigint * interval '1 millisecond')\n"
        "  on conflict (service) do update set known_at = excluded.known_at";
    struct pg_values values = {0};
    pg_values_add_text(&values, str_from(service));
    pg_values_add_number(&values, lag_ms);
    bool is_saved = pg_session_run(session, sql, &values, NULL);
    pg_values_free(&values);
    return is_saved;
}

bool replica_freshness_load(struct pg_session *session, const char *service, int64_t *lag_ms_out)
{
    static const char sql[] =
        "select (extract(epoch from clock_timestamp() - known_at) * 1000)::bigint\n"
        "  from mamparo.freshness where service = $1";
    struct pg_outcome outcome;
    struct pg_values values = {0};
    pg_values_add_text(&values, str_from(service));
    bool is_read = pg_session_run(session, sql, &values, &outcome);
    *lag_ms_out = 0;
    if (is_read && pg_rows_count(outcome.rows) > 0)
        *lag_ms_out = pg_rows_number(outcome.rows, 0, 0);
    pg_values_free(&values);
    return is_read;
}
