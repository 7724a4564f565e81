#include "cqrs/replication/replica/resync/resync_place.h"

#include <stdio.h>

static void copy(struct str text, char *out, size_t size)
{
    snprintf(out, size, STR_FMT, STR_ARG(text));
}

bool resync_place_load(struct pg_session *session, const char *service, struct resync_place *out,
                       bool *was_there)
{
    static const char sql[] =
        "select noted, epoch, stage, after from mamparo.fills where service = $1";
    struct pg_outcome outcome;
    struct pg_values values = {0};
    *out = (struct resync_place){0};
    pg_values_add_text(&values, str_from(service));
    bool is_read = pg_session_run(session, sql, &values, &outcome);
    pg_values_free(&values);
    if (!is_read)
        return false;
    *was_there = pg_rows_count(outcome.rows) > 0 &&
                 position_parse(pg_rows_text(outcome.rows, 0, 0), &out->noted);
    if (*was_there) {
        copy(pg_rows_text(outcome.rows, 0, 1), out->epoch, sizeof(out->epoch));
        copy(pg_rows_text(outcome.rows, 0, 2), out->stage, sizeof(out->stage));
        copy(pg_rows_text(outcome.rows, 0, 3), out->after, sizeof(out->after));
    }
    return true;
}

void resync_place_save(struct pg_session *session, const char *service,
                       const struct resync_place *place)
{
    static const char sql[] =
        "insert into mamparo.fills (service, noted, epoch, stage, after)\n"
        "  values ($1, $2, $3, $4, $5) on conflict (service) do update\n"
        "  set noted = excluded.noted, epoch = excluded.epoch, stage = excluded.stage,\n"
        "    after = excluded.after";
    char noted[POSITION_TEXT_SIZE];
    struct pg_values values = {0};
    position_format(place->noted, noted);
    pg_values_add_text(&values, str_from(service));
    pg_values_add_text(&values, str_from(noted));
    pg_values_add_text(&values, str_from(place->epoch));
    pg_values_add_text(&values, str_from(place->stage));
    pg_values_add_text(&values, str_from(place->after));
    pg_session_queue(session, sql, &values);
    pg_values_free(&values);
}

void resync_place_drop(struct pg_session *session, const char *service)
{
    struct pg_values values = {0};
    pg_values_add_text(&values, str_from(service));
    pg_session_queue(session, "delete from mamparo.fills where service = $1", &values);
    pg_values_free(&values);
}
