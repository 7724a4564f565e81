#include "cqrs/replication/relay/relay.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "cqrs/calendar.h"
#include "cqrs/expiry.h"
#include "cqrs/migration.h"
#include "cqrs/replication/event.h"
#include "cqrs/replication/relay/relay_stream.h"
#include "cqrs/replication/relay/relay_window.h"
#include "cqrs/replication/writer_schema.h"
#include "cqrs/slot.h"
#include "io/pg/pg_session.h"

enum {
    TEND_EVERY_MS = 200, /* registrations, confirmation, trimming */
    STATEMENT_MS = 25000,
    STANDBY_REST_MS = 500, /* before asking for the slot again */
    /* After a change of leader the replicas have this long to report before anything is
     * confirmed, in case Redis lost what they had said. */
    SETTLE_MS = 3000,
};

struct relay {
    struct background background;
    struct relay_options options;
    _Atomic(const char *) state;
    struct metric *published, *refused, *is_leader;
    struct calendar calendar;
};

/* Lifetime: one time of leading. */
struct term {
    struct relay *relay;
    struct pg_session *session;
    struct pg_log *log;
    struct redis_conn *redis;
    char epoch[48];
    uint64_t log_end; /* when the term began */
    struct relay_stream *streams;
    size_t stream_count;
    struct relay_window window;
    struct buf scratch; /* the bytes of the row at hand */
    struct buf schemas; /* fingerprints of those that are beside the streams */
    msec_t tend_at, settled_at, keys_at;
};

static void set_state(struct relay *relay, const char *state)
{
    atomic_store(&relay->state, state);
    metric_set(relay->is_leader, strcmp(state, "leading") == 0);
}

const char *relay_state(const struct relay *relay)
{
    return atomic_load(&relay->state);
}

/* Says in the log what broke; false, for returning at once. */
static bool complain(const char *what, const char *why)
{
    log_warn("relay.interrupted", log_text("at", what), log_text("why", why));
    return false;
}

/* Before leading */

static bool migrate(const struct relay *relay)
{
    const struct relay_options *options = &relay->options;
    struct migration migration = {options->model, DDL_SIDE_WRITE, options->database_url,
                                  options->is_migrated, options->refuse_model};
    char why[256];
    return migration_run(&migration, why, sizeof(why)) || complain("migrating", why);
}

/* Also by a process that only stands by: it writes too, by its own clock. */
static bool tend_calendar(const struct term *term)
{
    return calendar_tend(&term->relay->calendar, term->session) ||
           complain("keeping the events' months", pg_session_fault(term->session));
}

static bool ensure_slot(const struct relay *relay, struct pg_session *session)
{
    char why[256];
    return slot_ensure(session, relay->options.slot, why, sizeof(why)) ||
           complain("making the slot", why);
}

static const char read_epoch_sql[] =
    "select epoch, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint from mamparo.epoch";

static bool read_epoch(struct term *term)
{
    struct pg_outcome outcome;
    if (!pg_session_run(term->session, read_epoch_sql, NULL, &outcome))
        return complain("reading the epoch", pg_session_fault(term->session));
    if (pg_rows_count(outcome.rows) != 1)
        return complain("reading the epoch", "mamparo.epoch has no row");
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
        return complain("reading what was confirmed", pg_session_fault(term->session));
    return pg_rows_count(outcome.rows) == 0 ||
           position_parse(pg_rows_text(outcome.rows, 0, 0), out) ||
           complain("reading what was confirmed", "mamparo.streams has an invalid row");
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
        if (strcmp(relay_state(relay), "standby") != 0)
            log_info("relay.standby");
        set_state(relay, "standby");
        background_works(&relay->background);
        background_rest(&relay->background, STANDBY_REST_MS);
        return false;
    default:
        return complain("reading the log", why);
    }
}

/* Before anything else needs it, so that a wrong address shows at start and not at the takeover. */
static bool connect_redis(struct term *term)
{
    char why[256];
    term->redis = redis_conn_open(term->relay->options.redis_url, why, sizeof(why));
    if (term->redis == NULL)
        return complain("connecting to Redis", why);
    atomic_store(term->relay->options.has_reached_redis, true);
    return true;
}

static bool publish_schemas(struct term *term)
{
    buf_reset(&term->schemas);
    return writer_schemas_publish(term->session, term->redis, &term->schemas) ||
           complain("publishing the schemas", "the database or Redis did not take part");
}

static bool ready_streams(struct term *term)
{
    const struct model *model = term->relay->options.model;
    struct relay_term shared = {term->epoch, term->log_end};
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
            return complain("readying a stream", redis_conn_fault(term->redis));
    }
    return publish_schemas(term);
}

/* While leading */

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
        return complain("publishing", term->window.why);
    return publish_schemas(term) &&
           (is_published(term, fingerprint) ||
            complain("publishing the schemas", "mamparo.schemas lacks an event's"));
}

/* An event that this process cannot place stops it: another version of the program can. */
static bool take_row(struct term *term, const struct pg_log_row *row)
{
    struct event_entry entry = {.epoch = str_from(term->epoch),
                                .position = {row->commit, row->index}};
    if (!event_from_row(row, &term->scratch, &entry.event))
        return complain("reading a row", "it is no row of mamparo.events");
    struct relay_stream *stream = stream_of(term, entry.event.service);
    if (stream == NULL)
        return complain("reading a row", "its service is not in the models of this process");
    if (!publish_schema(term, entry.event.fingerprint))
        return false;
    return relay_window_add(&term->window, stream, &entry) ||
           complain("publishing", term->window.why);
}

/* Publishes what can be read now; `*is_quiet` when that was all. */
static bool publish(struct term *term, bool *is_quiet)
{
    enum { ROWS_MAX = 2048 }; /* before the rest of the work has its turn */
    struct pg_log_row row;
    char why[256];
    *is_quiet = false;
    for (int i = 0; i < ROWS_MAX && !*is_quiet; i++) {
        enum pg_log_next next = pg_log_next(term->log, &row, why, sizeof(why));
        if (next == PG_LOG_BROKEN)
            return complain("reading the log", why);
        if (next == PG_LOG_ROW && !take_row(term, &row))
            return false;
        *is_quiet = next == PG_LOG_QUIET;
    }
    return relay_window_close(&term->window) || complain("publishing", term->window.why);
}

/* How much of the log nobody needs any more: up to what the slowest replica has yet to apply; or,
 * when nothing is outstanding, all that was sent, so that other tables' writes do not pile up.
 * 0 while some service has no replica. */
static uint64_t find_releasable(const struct term *term)
{
    uint64_t least = pg_log_sent(term->log);
    for (size_t i = 0; i < term->stream_count; i++) {
        const struct relay_stream *stream = &term->streams[i];
        struct position slowest;
        if (!registry_slowest(&stream->registry, &slowest))
            return 0;
        if (position_compare(slowest, stream->top) < 0 && slowest.commit < least)
            least = slowest.commit;
    }
    return least;
}

/* What may be missing from a stream is written down before the log is let go. */
static bool note_confirmed(struct term *term, struct relay_stream *stream)
{
    static const char sql[] =
        "insert into mamparo.streams (service, confirmed) values ($1, $2)\n"
        "  on conflict (service) do update set confirmed = excluded.confirmed";
    struct position slowest;
    struct pg_values values = {0};
    char text[POSITION_TEXT_SIZE];
    if (!registry_slowest(&stream->registry, &slowest) ||
        position_compare(slowest, stream->confirmed) <= 0)
        return true;
    position_format(slowest, text);
    pg_values_add_text(&values, str_from(stream->service));
    pg_values_add_text(&values, str_from(text));
    bool is_done = pg_session_run(term->session, sql, &values, NULL);
    pg_values_free(&values);
    if (is_done)
        stream->confirmed = slowest;
    return is_done;
}

static bool confirm(struct term *term)
{
    uint64_t releasable = find_releasable(term);
    if (releasable == 0)
        return true;
    for (size_t i = 0; i < term->stream_count; i++)
        if (!note_confirmed(term, &term->streams[i]))
            return complain("confirming", pg_session_fault(term->session));
    return pg_log_confirm(term->log, releasable) ||
           complain("confirming", "the log's connection broke");
}

/* An empty fault means that Redis answered: the stream is not what it was. */
static const char *tending_fault(const struct term *term)
{
    const char *fault = redis_conn_fault(term->redis);
    return fault[0] != '\0' ? fault : "Redis has lost entries";
}

static bool drop_expired_keys(struct term *term)
{
    enum { EVERY_MS = 10000 };
    bool is_all;
    if (clock_monotonic() < term->keys_at)
        return true;
    if (!expiry_drop_keys(term->session, &is_all))
        return complain("dropping expired keys", pg_session_fault(term->session));
    term->keys_at = clock_monotonic() + (is_all ? EVERY_MS : 0);
    return true;
}

static bool tend(struct term *term)
{
    msec_t now = clock_monotonic();
    if (now < term->tend_at)
        return true;
    term->tend_at = now + TEND_EVERY_MS;
    for (size_t i = 0; i < term->stream_count; i++)
        if (!relay_stream_tend(&term->streams[i], term->redis, term->epoch,
                               term->relay->options.retention))
            return complain("tending the stream", tending_fault(term));
    return drop_expired_keys(term) && tend_calendar(term) &&
           (now < term->settled_at || confirm(term));
}

static void lead(struct term *term)
{
    struct relay *relay = term->relay;
    bool is_quiet, goes_on = true;
    set_state(relay, "leading");
    log_info("relay.leading", log_text("epoch", term->epoch));
    background_works(&relay->background);
    term->settled_at = clock_monotonic() + SETTLE_MS;
    while (goes_on && !background_is_stopping(&relay->background)) {
        goes_on = publish(term, &is_quiet) && tend(term);
        if (goes_on && is_quiet)
            pg_log_wait(term->log, TEND_EVERY_MS);
    }
    set_state(relay, "starting");
}

static void round_of_relay(struct background *background)
{
    struct relay *relay = container_of(background, struct relay, background);
    struct term term = {.relay = relay};
    char why[256];
    term.session = pg_session_open(relay->options.database_url, STATEMENT_MS, why, sizeof(why));
    if (term.session == NULL)
        complain("connecting to the database", why);
    else if (migrate(relay) && tend_calendar(&term) && connect_redis(&term) &&
             ensure_slot(relay, term.session) && hold_slot(&term) && read_epoch(&term) &&
             ready_streams(&term))
        lead(&term);
    free(term.streams);
    relay_window_free(&term.window);
    buf_free(&term.scratch);
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
    relay->calendar = (struct calendar){.table = "events", .days = options->history_days};
    set_state(relay, "starting");
    relay->background.name = "relay";
    relay->background.round = round_of_relay;
    background_start(&relay->background);
    return relay;
}

void relay_stop(struct relay *relay)
{
    background_stop(&relay->background);
}
