#include "cqrs/replication/replica/applier.h"

#include <stdio.h>

#include "base/log.h"
#include "cqrs/migration.h"
#include "cqrs/replication/replica/replica_freshness.h"
#include "cqrs/replication/replica/replica_place.h"
#include "cqrs/replication/replica/shift.h"

enum { STATEMENT_MS = 25000, STANDBY_REST_MS = 500 };

struct applier_status applier_status(const struct applier *applier)
{
    return applier_gauges_status(&applier->gauges);
}

void applier_write_letters(struct applier *applier, struct buf *out)
{
    applier_gauges_write_letters(&applier->gauges, out);
}

void applier_measure(const struct applier *applier)
{
    applier_gauges_measure(&applier->gauges);
}

static bool recall_lag(const struct shift *shift)
{
    const struct applier *applier = shift->applier;
    int64_t ms;
    if (!replica_freshness_load(shift->session, applier->service->name, &ms))
        return shift_complain(shift, "reading how fresh it is", pg_session_fault(shift->session));
    applier_gauges_recall_lag(&shift->applier->gauges, ms);
    return true;
}

/* Before applying */

static bool migrate(const struct shift *shift)
{
    const struct replica_options *options = shift->applier->options;
    struct migration migration = {options->model, DDL_SIDE_READ, options->database_url,
                                  options->is_migrated, options->refuse_model};
    char why[256];
    pthread_mutex_lock(options->migrating);
    bool is_done =
        migration_run(&migration, why, sizeof(why)) || shift_complain(shift, "migrating", why);
    pthread_mutex_unlock(options->migrating);
    return is_done;
}

/* Also by a process that does not apply: it serves what another one filled. */
static bool load_cursor(struct shift *shift)
{
    const char *sql = "select epoch, position from mamparo.cursors where service = $1";
    struct replica_cursor *cursor = &shift->cursor;
    struct pg_outcome outcome;
    struct pg_values values = {0};
    pg_values_add_text(&values, str_from(cursor->service->name));
    bool is_read = pg_session_run(shift->session, sql, &values, &outcome);
    pg_values_free(&values);
    if (!is_read)
        return shift_complain(shift, "reading the cursor", pg_session_fault(shift->session));
    if (pg_rows_count(outcome.rows) > 0 &&
        position_parse(pg_rows_text(outcome.rows, 0, 1), &cursor->position))
        snprintf(cursor->epoch, sizeof(cursor->epoch), STR_FMT,
                 STR_ARG(pg_rows_text(outcome.rows, 0, 0)));
    atomic_store(&shift->applier->gauges.is_filled, cursor->epoch[0] != '\0');
    return true;
}

static bool become_applier(struct shift *shift)
{
    struct applier *applier = shift->applier;
    enum replica_place place =
        replica_place_take(shift->session, applier->service, shift->id, sizeof(shift->id));
    if (place == REPLICA_PLACE_MINE &&
        replica_place_enter(shift->session, applier->service, &applier->options->process,
                            applier->validity) &&
        replica_flush_relax(shift->session))
        return true;
    if (place != REPLICA_PLACE_TAKEN)
        return shift_complain(shift, "taking the place", pg_session_fault(shift->session));
    if (strcmp(applier_status(applier).state, "standby") != 0)
        log_info("replica.standby", log_text("service", applier->service->name));
    shift_set_state(applier, "standby");
    background_works(&applier->background);
    background_rest(&applier->background, STANDBY_REST_MS);
    return false;
}

static bool connect_redis(struct shift *shift)
{
    const struct replica_options *options = shift->applier->options;
    char why[256];
    shift->redis = redis_conn_open(options->redis_url, why, sizeof(why));
    shift->schemas = (struct writer_schemas){
        .model = options->model, .redis = shift->redis, .session = shift->session};
    return shift->redis != NULL || shift_complain(shift, "connecting to Redis", why);
}

static void round_of_applier(struct background *background)
{
    struct applier *applier = container_of(background, struct applier, background);
    const struct replica_options *options = applier->options;
    struct shift shift = {
        .applier = applier, .cursor = {.service = applier->service}, .count = REPLICA_BLOCK_FIRST};
    char why[256];
    calendar_forget(&applier->calendar);
    shift.session = pg_session_open(options->database_url, STATEMENT_MS, why, sizeof(why));
    if (shift.session == NULL)
        shift_complain(&shift, "connecting to the database", why);
    else if (migrate(&shift) && load_cursor(&shift) && recall_lag(&shift) &&
             become_applier(&shift)) {
        if (load_cursor(&shift) && shift_load_letters(&shift) && connect_redis(&shift))
            shift_follow(&shift);
        shift_set_state(applier, "starting");
    }
    writer_schemas_free(&shift.schemas);
    dead_letters_free(&shift.letters);
    redis_conn_close(&shift.redis);
    pg_session_close(&shift.session);
}

/* Starting */

struct applier *applier_new(const struct replica_options *options, const struct service *service,
                            struct validity *validity)
{
    struct applier *applier = mem_new(1, sizeof(*applier));
    applier->options = options;
    applier->service = service;
    applier->validity = validity;
    applier->servers.loop = loop_new();
    applier_gauges_open(&applier->gauges, options->metrics, service->name);
    applier->calendar = (struct calendar){.table = "history", .days = options->history_days};
    applier->background.name = "replica";
    applier->background.round = round_of_applier;
    return applier;
}

void applier_start(struct applier *applier)
{
    background_start(&applier->background);
}

void applier_stop(struct applier *applier)
{
    background_stop(&applier->background);
}
