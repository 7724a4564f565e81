#include "cqrs/replication/replica/replica.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/ident.h"
#include "base/log.h"
#include "cqrs/migration.h"
#include "cqrs/replication/replica/replica_block.h"
#include "cqrs/replication/replica/resync.h"

enum {
    READ_WAIT_MS = 500, /* for the next entry; also how often a sign of life is given */
    REPORT_EVERY_MS = 50,
    STATEMENT_MS = 25000,
    STANDBY_REST_MS = 500,
    WRITE_SERVERS_MAX = 16,
};

struct replica {
    struct background background;
    struct replica_options options;
    _Atomic(const char *) state;
    struct metric *applied, *resyncs, *lag_ms, *is_applier;
    struct loop *loop; /* for the pages of a resynchronisation */
    struct http_peer *peers[WRITE_SERVERS_MAX];
    size_t peer_count;
};

/* Lifetime: one time of applying. */
struct shift {
    struct replica *replica;
    struct pg_session *session;
    struct redis_conn *redis;
    char id[48]; /* of the database, for the relay */
    struct replica_cursor *cursors;
    size_t cursor_count;
    msec_t report_at;
    struct writer_schemas schemas;
    struct calendar calendar;
};

static struct replica_means means_of(struct shift *shift)
{
    return (struct replica_means){shift->session, &shift->schemas, &shift->calendar};
}

static void set_state(struct replica *replica, const char *state)
{
    atomic_store(&replica->state, state);
    metric_set(replica->is_applier, strcmp(state, "following") == 0);
}

const char *replica_state(const struct replica *replica)
{
    return atomic_load(&replica->state);
}

static bool complain(const char *what, const char *why)
{
    log_warn("replica.interrupted", log_text("at", what), log_text("why", why));
    return false;
}

/* Before applying */

static bool migrate(const struct replica *replica)
{
    const struct replica_options *options = &replica->options;
    struct migration migration = {options->model, DDL_SIDE_READ, options->database_url,
                                  options->is_migrated, options->refuse_model};
    char why[256];
    return migration_run(&migration, why, sizeof(why)) || complain("migrating", why);
}

static bool is_filled(const struct shift *shift)
{
    for (size_t i = 0; i < shift->cursor_count; i++)
        if (shift->cursors[i].epoch[0] == '\0')
            return false;
    return true;
}

/* Also by a process that does not apply: it serves what another one filled. */
static bool load_cursors(struct shift *shift)
{
    struct pg_outcome outcome;
    const struct model *model = shift->replica->options.model;
    shift->cursor_count = model->service_count;
    shift->cursors = mem_new(model->service_count, sizeof(struct replica_cursor));
    for (size_t i = 0; i < model->service_count; i++)
        shift->cursors[i].service = &model->services[i];
    if (!pg_session_run(shift->session, "select service, epoch, position from mamparo.cursors",
                        NULL, &outcome))
        return complain("reading the cursors", pg_session_fault(shift->session));
    for (size_t row = 0; row < pg_rows_count(outcome.rows); row++)
        for (size_t i = 0; i < shift->cursor_count; i++) {
            struct replica_cursor *cursor = &shift->cursors[i];
            if (str_equal(str_from(cursor->service->name), pg_rows_text(outcome.rows, row, 0)) &&
                position_parse(pg_rows_text(outcome.rows, row, 2), &cursor->position))
                snprintf(cursor->epoch, sizeof(cursor->epoch), STR_FMT,
                         STR_ARG(pg_rows_text(outcome.rows, row, 1)));
        }
    atomic_store(shift->replica->options.is_filled, is_filled(shift));
    return true;
}

/* The lock is the session's: it goes with the connection that applies. */
static bool become_applier(struct shift *shift)
{
    struct replica *replica = shift->replica;
    struct pg_outcome outcome;
    if (!pg_session_run(shift->session,
                        "select pg_try_advisory_lock(7237412386095723), id from mamparo.replica",
                        NULL, &outcome))
        return complain("locking", pg_session_fault(shift->session));
    snprintf(shift->id, sizeof(shift->id), STR_FMT, STR_ARG(pg_rows_text(outcome.rows, 0, 1)));
    if (str_equal(pg_rows_text(outcome.rows, 0, 0), STR("t")))
        return true;
    if (strcmp(replica_state(replica), "standby") != 0)
        log_info("replica.standby");
    set_state(replica, "standby");
    background_works(&replica->background);
    background_rest(&replica->background, STANDBY_REST_MS);
    return false;
}

bool replica_save_cursor(struct pg_session *session, const struct replica_cursor *cursor)
{
    static const char sql[] = "insert into mamparo.cursors (service, epoch, position)\n"
                              "  values ($1, $2, $3) on conflict (service) do update\n"
                              "  set epoch = excluded.epoch, position = excluded.position";
    char text[POSITION_TEXT_SIZE];
    struct pg_values values = {0};
    position_format(cursor->position, text);
    pg_values_add_text(&values, str_from(cursor->service->name));
    pg_values_add_text(&values, str_from(cursor->epoch));
    pg_values_add_text(&values, str_from(text));
    bool is_saved = pg_session_run(session, sql, &values, NULL);
    pg_values_free(&values);
    return is_saved;
}

bool replica_report(struct redis_conn *redis, const char *replica_id,
                    const struct replica_cursor *cursor)
{
    struct buf key = {0}, report = {0};
    char text[POSITION_TEXT_SIZE];
    position_format(cursor->position, text);
    event_key(cursor->service->name, "replicas", &key);
    buf_printf(&report, "%s %s %lld", text, cursor->epoch, (long long)clock_wall_ms());
    struct str words[] = {STR("HSET"), buf_str(&key), str_from(replica_id), buf_str(&report)};
    struct redis_reply *reply = redis_conn_command(redis, words, countof(words));
    /* An error is Redis's trouble with writing: reading goes on. */
    bool is_alive = reply != NULL;
    redis_reply_free(&reply);
    buf_free(&key);
    buf_free(&report);
    return is_alive;
}

/* Applying */

/* Names are looked up when they are needed: one that was unknown may be known by now. */
static void find_write_servers(struct replica *replica)
{
    struct str rest = str_from(replica->options.write_servers);
    if (replica->peer_count > 0)
        return;
    while (rest.len > 0 && replica->peer_count < WRITE_SERVERS_MAX) {
        char why[256];
        struct http_peer *peer =
            http_peer_open(replica->loop, str_trim(str_cut(&rest, ',')), why, sizeof(why));
        if (peer == NULL)
            log_warn("replica.write_server", log_text("why", why));
        else
            replica->peers[replica->peer_count++] = peer;
    }
}

static bool resynchronise(struct shift *shift, struct replica_cursor *cursor, const char *reason)
{
    struct replica *replica = shift->replica;
    char why[256];
    find_write_servers(replica);
    struct resync resync = {.means = means_of(shift),
                            .redis = shift->redis,
                            .peers = replica->peers,
                            .peer_count = replica->peer_count,
                            .cluster_key = replica->options.cluster_key,
                            .replica_id = shift->id,
                            .background = &replica->background};
    set_state(replica, "resynchronising");
    metric_add(replica->resyncs, 1);
    log_info("replica.resynchronising", log_text("service", cursor->service->name),
             log_text("reason", reason));
    if (!resync_run(&resync, cursor, why, sizeof(why)))
        return complain("resynchronising", why);
    log_info("replica.resynchronised", log_text("service", cursor->service->name));
    atomic_store(replica->options.is_filled, is_filled(shift));
    return true;
}

/* XREAD over all services at once, from their cursors. */
static struct redis_reply *read_streams(struct shift *shift)
{
    struct str head[] = {STR("XREAD"), STR("COUNT"), STR("512"),
                         STR("BLOCK"), STR("500"),   STR("STREAMS")};
    static_assert(READ_WAIT_MS == 500, "as it stands in the command");
    size_t count = countof(head), services = shift->cursor_count;
    struct str *words = mem_new(count + 2 * services, sizeof(*words));
    struct buf *texts = mem_new(2 * services, sizeof(*texts));
    memcpy(words, head, sizeof(head));
    for (size_t i = 0; i < services; i++) {
        char position[POSITION_TEXT_SIZE];
        position_format(shift->cursors[i].position, position);
        event_key(shift->cursors[i].service->name, "events", &texts[i]);
        buf_append_text(&texts[services + i], position);
    }
    for (size_t i = 0; i < 2 * services; i++)
        words[count++] = buf_str(&texts[i]);
    redis_conn_queue(shift->redis, words, count);
    struct redis_reply *reply = redis_conn_next(shift->redis, READ_WAIT_MS);
    for (size_t i = 0; i < 2 * services; i++)
        buf_free(&texts[i]);
    free(texts);
    free(words);
    return reply;
}

static struct replica_cursor *cursor_of_key(struct shift *shift, struct str key)
{
    struct buf name = {0};
    struct replica_cursor *found = NULL;
    for (size_t i = 0; i < shift->cursor_count && found == NULL; i++) {
        buf_reset(&name);
        event_key(shift->cursors[i].service->name, "events", &name);
        if (str_equal(buf_str(&name), key))
            found = &shift->cursors[i];
    }
    buf_free(&name);
    return found;
}

static bool apply(struct shift *shift, const struct redis_reply *stream)
{
    struct replica *replica = shift->replica;
    struct replica_cursor *cursor =
        cursor_of_key(shift, redis_reply_text(redis_reply_item(stream, 0)));
    struct replica_block block;
    if (cursor == NULL)
        return complain("reading", "Redis answered with a stream that was not asked for");
    struct replica_means means = means_of(shift);
    enum replica_verdict verdict =
        replica_block_apply(&block, cursor, redis_reply_item(stream, 1), &means);
    if (verdict == REPLICA_MISSED_SOME || verdict == REPLICA_OTHER_EPOCH)
        return resynchronise(shift, cursor, block.why);
    if (verdict != REPLICA_APPLIED)
        return complain("applying", block.why);
    metric_add(replica->applied, (int64_t)block.count);
    metric_set(replica->lag_ms, clock_wall_ms() - block.last_time);
    return true;
}

static bool report(struct shift *shift, bool is_idle)
{
    msec_t now = clock_monotonic();
    if (!is_idle && now < shift->report_at)
        return true;
    shift->report_at = now + REPORT_EVERY_MS;
    for (size_t i = 0; i < shift->cursor_count; i++)
        if (!replica_report(shift->redis, shift->id, &shift->cursors[i]))
            return complain("reporting", redis_conn_fault(shift->redis));
    return true;
}

/* What no entry may ever tell, when none comes: that the stream is of another epoch, or that its
 * top is beyond the cursor and nothing of it can be read any more. Looked at twice, since an entry
 * may just have come. */
static bool look_at_stream(struct shift *shift, struct replica_cursor *cursor)
{
    struct resync_top top;
    if (!resync_find_top(shift->redis, cursor->service, &top))
        return true; /* nobody has readied it: there is nothing to compare with */
    if (strcmp(top.epoch, cursor->epoch) != 0)
        return resynchronise(shift, cursor, "the stream is of another epoch");
    bool has_missed = position_compare(cursor->awaited, cursor->position) > 0 &&
                      position_compare(cursor->awaited, top.position) == 0;
    if (has_missed)
        return resynchronise(shift, cursor, "the stream no longer has what comes next");
    cursor->awaited = top.position;
    return true;
}

static bool tend_history(struct shift *shift)
{
    return calendar_tend(&shift->calendar, shift->session) ||
           complain("keeping the history's months", pg_session_fault(shift->session));
}

static bool follow_once(struct shift *shift)
{
    struct redis_reply *reply = read_streams(shift);
    if (reply == NULL)
        return complain("reading", redis_conn_fault(shift->redis));
    bool is_fine = true;
    if (redis_reply_kind(reply) == REDIS_KIND_ERROR) {
        char text[128];
        snprintf(text, sizeof(text), STR_FMT, STR_ARG(redis_reply_text(reply)));
        is_fine = complain("reading", text);
    }
    for (size_t i = 0; is_fine && i < redis_reply_count(reply); i++)
        is_fine = apply(shift, redis_reply_item(reply, i));
    bool is_idle = redis_reply_count(reply) == 0;
    redis_reply_free(&reply);
    for (size_t i = 0; is_fine && is_idle && i < shift->cursor_count; i++)
        is_fine = look_at_stream(shift, &shift->cursors[i]);
    return is_fine && report(shift, is_idle) && tend_history(shift);
}

static void follow(struct shift *shift)
{
    struct replica *replica = shift->replica;
    for (size_t i = 0; i < shift->cursor_count; i++)
        if (shift->cursors[i].epoch[0] == '\0' &&
            !resynchronise(shift, &shift->cursors[i], "it is empty"))
            return;
    for (size_t i = 0; i < shift->cursor_count; i++)
        if (!look_at_stream(shift, &shift->cursors[i]))
            return;
    log_info("replica.following");
    background_works(&replica->background);
    do
        set_state(replica, "following");
    while (!background_is_stopping(&replica->background) && follow_once(shift));
    set_state(replica, "starting");
}

static bool connect_redis(struct shift *shift)
{
    char why[256];
    shift->redis = redis_conn_open(shift->replica->options.redis_url, why, sizeof(why));
    shift->schemas = (struct writer_schemas){
        .model = shift->replica->options.model, .redis = shift->redis, .session = shift->session};
    return shift->redis != NULL || complain("connecting to Redis", why);
}

static void round_of_replica(struct background *background)
{
    struct replica *replica = container_of(background, struct replica, background);
    struct shift shift = {.replica = replica,
                          .calendar = {.table = "history", .days = replica->options.history_days}};
    char why[256];
    shift.session = pg_session_open(replica->options.database_url, STATEMENT_MS, why, sizeof(why));
    if (shift.session == NULL)
        complain("connecting to the database", why);
    else if (migrate(replica) && load_cursors(&shift) && become_applier(&shift) &&
             load_cursors(&shift) && connect_redis(&shift))
        follow(&shift);
    free(shift.cursors);
    writer_schemas_free(&shift.schemas);
    redis_conn_close(&shift.redis);
    pg_session_close(&shift.session);
}

struct replica *replica_start(const struct replica_options *options)
{
    struct replica *replica = mem_new(1, sizeof(*replica));
    struct metrics *metrics = options->metrics;
    replica->options = *options;
    replica->applied = metric_get(metrics, METRIC_KIND_COUNTER, "mamparo_replica_applied_total",
                                  "Events applied by this process", "");
    replica->resyncs = metric_get(metrics, METRIC_KIND_COUNTER, "mamparo_replica_resyncs_total",
                                  "Resynchronisations begun", "");
    replica->lag_ms =
        metric_get(metrics, METRIC_KIND_GAUGE, "mamparo_replica_lag_milliseconds",
                   "From the event's time to when it was applied, the last one's", "");
    replica->is_applier = metric_get(metrics, METRIC_KIND_GAUGE, "mamparo_replica_following",
                                     "1 while this process applies the stream", "");
    set_state(replica, "starting");
    replica->loop = loop_new();
    replica->background.name = "replica";
    replica->background.round = round_of_replica;
    background_start(&replica->background);
    return replica;
}

void replica_stop(struct replica *replica)
{
    background_stop(&replica->background);
}
