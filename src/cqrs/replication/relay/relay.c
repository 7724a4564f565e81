#include "cqrs/replication/relay/relay.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "cqrs/migration.h"
#include "cqrs/replication/event_row.h"
#include "cqrs/replication/relay/relay_term.h"
#include "cqrs/replication/writer_schema.h"
#include "cqrs/slot.h"

enum {
    QUIET_WAIT_MS = 200,
    STATEMENT_MS = 25000,
    STANDBY_REST_MS = 500, /* before asking for the slot again */
    /* After a change of leader the replicas have this long to report before anything is trimmed
     * or confirmed, in case Redis lost what they had said. They rest for two seconds at most. */
    SETTLE_MS = 4000,
};

const char *relay_state(const struct relay *relay)
{
    return atomic_load(&relay->state);
}

/* Before leading */

static bool migrate(const struct relay *relay)
{
    const struct relay_options *options = &relay->options;
    struct migration migration = {options->model, DDL_SIDE_WRITE, options->database_url,
                                  options->is_migrated, options->refuse_model};
    char why[256];
    return migration_run(&migration, why, sizeof(why)) || relay_complain("migrating", why);
}

static bool ensure_slot(const struct relay *relay, struct pg_session *session)
{
    char why[256];
    return slot_ensure(session, relay->options.slot, why, sizeof(why)) ||
           relay_complain("making the slot", why);
}

static const char read_epoch_sql[] =
    "select epoch, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint from mamparo.epoch";

static bool read_epoch(struct term *term)
{
    struct pg_outcome outcome;
    if (!pg_session_run(term->session, read_epoch_sql, NULL, &outcome))
        return relay_complain("reading the epoch", pg_session_fault(term->session));
    if (pg_rows_count(outcome.rows) != 1)
        return relay_complain("reading the epoch", "mamparo.epoch has no row");
    snprintf(term->epoch, sizeof(term->epoch), STR_FMT, STR_ARG(pg_rows_text(outcome.rows, 0, 0)));
    term->log_end = (uint64_t)pg_rows_number(outcome.rows, 0, 1);
    return true;
}

static bool read_confirmed(struct term *term, const char *service, struct position *out)
{
    struct pg_outcome outcome;
    struct pg_values values = {0};
    *out = (struct position){0};
    pg_values_add_text(&values, str_from(service));
    bool is_read =
        pg_session_run(term->session, "select confirmed from mamparo.streams where service = $1",
                       &values, &outcome);
    pg_values_free(&values);
    if (!is_read)
        return relay_complain("reading what was confirmed", pg_session_fault(term->session));
    return pg_rows_count(outcome.rows) == 0 ||
           position_parse(pg_rows_text(outcome.rows, 0, 0), out) ||
           relay_complain("reading what was confirmed", "mamparo.streams has an invalid row");
}

/* False also when another process leads: then nothing is wrong. */
static bool hold_slot(struct term *term)
{
    struct relay *relay = term->relay;
    char why[256];
    struct pg_log_options options = {relay->options.database_url, relay->options.slot, "mamparo",
                                     "events"};
    switch (pg_log_open(&options, 0, &term->log, why, sizeof(why))) {
    case PG_LOG_OPENED:
        return true;
    case PG_LOG_HELD_ELSEWHERE:
        relay->spoilt = NULL; /* the leader will see for itself */
        if (strcmp(relay_state(relay), "standby") != 0)
            log_info("relay.standby");
        relay_set_state(relay, "standby");
        background_works(&relay->background);
        background_rest(&relay->background, STANDBY_REST_MS);
        return false;
    default:
        return relay_complain("reading the log", why);
    }
}

/* Before anything else needs it, so that a wrong address shows at start and not at the takeover. */
static bool connect_redis(struct term *term)
{
    char why[256];
    term->redis = redis_conn_open(term->relay->options.redis_url, why, sizeof(why));
    if (term->redis == NULL)
        return relay_complain("connecting to Redis", why);
    atomic_store(term->relay->options.has_reached_redis, true);
    return true;
}

static bool publish_schemas(struct term *term)
{
    buf_reset(&term->schemas);
    return writer_schemas_publish(term->session, term->redis, &term->schemas) ||
           relay_complain("publishing the schemas", "the database or Redis did not take part");
}

static bool ready_streams(struct term *term)
{
    const struct model *model = term->relay->options.model;
    struct relay_term shared = {term->epoch, term->log_end, term->relay->spoilt};
    term->window = (struct relay_window){
        .redis = term->redis, .published = term->relay->published, .refused = term->relay->refused};
    term->stream_count = model->service_count;
    term->streams = mem_new(model->service_count, sizeof(struct relay_stream));
    for (size_t i = 0; i < term->stream_count; i++) {
        const char *service = model->services[i].name;
        struct position confirmed;
        if (!read_confirmed(term, service, &confirmed))
            return false;
        if (!relay_stream_open(&term->streams[i], service, term->redis, &shared, confirmed))
            return relay_complain("readying a stream", relay_redis_fault(term));
    }
    term->relay->spoilt = NULL;
    return publish_schemas(term);
}

/* While leading */

/* A stream that is found spoilt is left alone until the slot is held once more: one that froze, and
 * wakes when another leads, finds that one's entries, and they are not to be deleted. */
static bool complain_of_window(const struct term *term)
{
    const struct relay_window *window = &term->window;
    if (window->is_spoilt)
        term->relay->spoilt = window->stream->service;
    return relay_complain("publishing", window->why);
}

static struct relay_stream *stream_of(struct term *term, struct str service)
{
    for (size_t i = 0; i < term->stream_count; i++)
        if (str_equal(str_from(term->streams[i].service), service))
            return &term->streams[i];
    return NULL;
}

static bool is_published(const struct term *term, struct str fingerprint)
{
    return term->schemas.len > 0 && fingerprint.len > 0 &&
           memmem(term->schemas.ptr, term->schemas.len, fingerprint.ptr, fingerprint.len) != NULL;
}

/* A reader finds the schema before it finds the event. */
static bool publish_schema(struct term *term, struct str fingerprint)
{
    if (is_published(term, fingerprint))
        return true;
    /* What is queued goes first: its replies must not be taken for those of what follows. */
    if (!relay_window_close(&term->window))
        return complain_of_window(term);
    return publish_schemas(term) &&
           (is_published(term, fingerprint) ||
            relay_complain("publishing the schemas", "mamparo.schemas lacks an event's"));
}

/* An event that this process cannot place stops it: another version of the program can. */
static bool take_row(struct term *term, const struct pg_log_row *row)
{
    struct event_entry entry = {.epoch = str_from(term->epoch),
                                .position = {row->commit, row->index}};
    struct event_row_texts texts;
    if (!event_row_read(row, &texts, &entry.event))
        return relay_complain("reading a row", "it is no row of mamparo.events");
    struct relay_stream *stream = stream_of(term, entry.event.service);
    if (stream == NULL)
        return relay_complain("reading a row", "its service is not in the models of this process");
    if (!publish_schema(term, entry.event.fingerprint))
        return false;
    return relay_window_add(&term->window, stream, &entry) || complain_of_window(term);
}

/* Publishes what can be read now; `*is_quiet` when that was all. */
static bool publish(struct term *term, bool *is_quiet)
{
    enum { ROWS_MAX = 2048 }; /* before the rest of the work has its turn */
    struct pg_log_row row;
    char why[256];
    *is_quiet = term->is_paused;
    for (int i = 0; i < ROWS_MAX && !*is_quiet; i++) {
        enum pg_log_next next = pg_log_next(term->log, &row, why, sizeof(why));
        if (next == PG_LOG_BROKEN)
            return relay_complain("reading the log", why);
        if (next == PG_LOG_ROW && !take_row(term, &row))
            return false;
        *is_quiet = next == PG_LOG_QUIET;
    }
    return relay_window_close(&term->window) || complain_of_window(term);
}

/* What is written in quick succession goes out together: a block of two costs each replica little
 * more than a block of one. An event after a pause waits for nobody. */
static void gather(const struct term *term)
{
    enum { GATHER_MS = 2, NANOSECONDS = 1000000 };
    msec_t left = term->window.closed_at + GATHER_MS - clock_monotonic();
    if (left > 0)
        nanosleep(&(struct timespec){.tv_nsec = left * NANOSECONDS}, NULL);
}

static void lead(struct term *term)
{
    struct relay *relay = term->relay;
    bool is_quiet, goes_on = true;
    relay_set_state(relay, "leading");
    log_info("relay.leading", log_text("epoch", term->epoch));
    background_works(&relay->background);
    term->settled_at = clock_monotonic() + SETTLE_MS;
    while (goes_on && !background_is_stopping(&relay->background)) {
        goes_on = publish(term, &is_quiet) && relay_tend(term);
        if (goes_on && term->is_paused) /* what waits in the log is not to be read into memory */
            background_rest(&relay->background, QUIET_WAIT_MS);
        else if (goes_on && is_quiet) {
            gather(term);
            pg_log_wait(term->log, QUIET_WAIT_MS);
        }
    }
    relay_set_state(relay, "starting");
}

static void round_of_relay(struct background *background)
{
    struct relay *relay = container_of(background, struct relay, background);
    struct term term = {.relay = relay};
    char why[256];
    calendar_forget(&relay->calendar);
    term.session = pg_session_open(relay->options.database_url, STATEMENT_MS, why, sizeof(why));
    if (term.session == NULL)
        relay_complain("connecting to the database", why);
    else if (migrate(relay) && relay_tend_calendar(&term) && relay_tell_wal_kept(&term) &&
             connect_redis(&term) && ensure_slot(relay, term.session) && hold_slot(&term) &&
             read_epoch(&term) && ready_streams(&term))
        lead(&term);
    free(term.streams);
    relay_window_free(&term.window);
    buf_free(&term.schemas);
    redis_conn_close(&term.redis);
    pg_log_close(&term.log);
    pg_session_close(&term.session);
}

struct relay *relay_start(const struct relay_options *options)
{
    struct relay *relay = mem_new(1, sizeof(*relay));
    struct metrics *metrics = options->metrics;
    relay->options = *options;
    relay->published = metric_get(metrics, METRIC_KIND_COUNTER, "mamparo_relay_published_total",
                                  "Events published to Redis by this process", "");
    relay->refused = metric_get(metrics, METRIC_KIND_COUNTER, "mamparo_relay_refused_total",
                                "Replies of Redis that were errors", "");
    relay->is_leader = metric_get(metrics, METRIC_KIND_GAUGE, "mamparo_relay_leading",
                                  "1 while this process holds the replication slot", "");
    relay->wal_kept =
        metric_get(metrics, METRIC_KIND_GAUGE, "mamparo_relay_wal_kept_bytes",
                   "Write-ahead log that the slot keeps PostgreSQL from dropping", "");
    relay->calendar = (struct calendar){.table = "events", .days = options->history_days};
    relay_set_state(relay, "starting");
    relay->background.name = "relay";
    relay->background.round = round_of_relay;
    background_start(&relay->background);
    return relay;
}

void relay_stop(struct relay *relay)
{
    background_stop(&relay->background);
}
