#include "cqrs/replication/replica/replica_place.h"

#include <stdio.h>

enum replica_place replica_place_take(struct pg_session *session, const char *service, char *id,
                                      size_t size)
{
    static const char sql[] = "select pg_try_advisory_lock(hashtextextended($1, "
                              "7237412386095723)), id from mamparo.replica";
    struct pg_outcome outcome;
    struct pg_values values = {0};
    pg_values_add_text(&values, str_from(service));
    bool is_asked = pg_session_run(session, sql, &values, &outcome);
    pg_values_free(&values);
    if (!is_asked)
        return REPLICA_PLACE_FAILED;
    snprintf(id, size, STR_FMT, STR_ARG(pg_rows_text(outcome.rows, 0, 1)));
    return str_equal(pg_rows_text(outcome.rows, 0, 0), STR("t")) ? REPLICA_PLACE_MINE
                                                                 : REPLICA_PLACE_TAKEN;
}

bool replica_place_hold(struct pg_session *session, const char *span)
{
    char sql[128];
    snprintf(sql, sizeof(sql),
             "set idle_session_timeout = '%s'; set idle_in_transaction_session_timeout = '%s'",
             span, span);
    return pg_session_run(session, sql, NULL, NULL);
}
