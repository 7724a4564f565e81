#include "cqrs/replication/relay/relay_term.h"

#include "base/clock.h"
#include "base/log.h"
#include "cqrs/expiry.h"

enum { TEND_EVERY_MS = 200 };

void relay_set_state(struct relay *relay, const char *state)
{
    atomic_store(&relay->state, state);
    metric_set(relay->is_leader, strcmp(state, "leading") == 0 || strcmp(state, "paused") == 0);
}

bool relay_complain(const char *what, const char *why)
{
    log_warn("relay.interrupted", log_text("at", what), log_text("why", why));
    return false;
}

bool relay_tend_calendar(const struct term *term)
{
    return calendar_tend(&term->relay->calendar, term->session) ||
           relay_complain("keeping the events' months", pg_session_fault(term->session));
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

static bool is_ahead(const struct relay_stream *stream, struct position *slowest)
{
    return registry_slowest(&stream->registry, slowest) &&
           position_compare(*slowest, stream->confirmed) > 0;
}

static void queue_note(struct pg_session *session, const char *service, struct position confirmed)
{
    static const char sql[] =
        "insert into mamparo.streams (service, confirmed) values ($1, $2)\n"
        "  on conflict (service) do update set confirmed = excluded.confirmed";
    struct pg_values values = {0};
    char text[POSITION_TEXT_SIZE];
    position_format(confirmed, text);
    pg_values_add_text(&values, str_from(service));
    pg_values_add_text(&values, str_from(text));
    pg_session_queue(session, sql, &values);
    pg_values_free(&values);
}

/* Without waiting for the disk, for as long as which nothing would be published. */
static bool note_confirmed(struct term *term)
{
    static const char where_sql[] =
        "select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint";
    struct pg_values none = {0};
    struct pg_outcome outcome;
    struct position slowest;
    bool is_any = false;
    for (size_t i = 0; i < term->stream_count; i++) {
        struct relay_stream *stream = &term->streams[i];
        if (!is_ahead(stream, &slowest))
            continue;
        queue_note(term->session, stream->service, slowest);
        stream->confirmed = slowest;
        is_any = true;
    }
    if (!is_any)
        return true;
    pg_session_queue(term->session, "select set_config('synchronous_commit', 'off', true)", &none);
    if (!pg_session_settle(term->session, NULL) ||
        !pg_session_run(term->session, where_sql, NULL, &outcome))
        return false;
    term->noted_at = (uint64_t)pg_rows_number(outcome.rows, 0, 0);
    return true;
}

/* What may be missing from a stream is written down, and on the disk, before the log is let go: the
 * log is sent no further than the disk has it. */
static bool confirm(struct term *term)
{
    if (pg_log_sent(term->log) < term->noted_at)
        return true;
    if (term->releasable > 0 && !pg_log_confirm(term->log, term->releasable))
        return relay_complain("confirming", "the log's connection broke");
    term->releasable = find_releasable(term);
    return term->releasable == 0 || note_confirmed(term) ||
           relay_complain("confirming", pg_session_fault(term->session));
}

/* Streams and log, of what every replica that was heard has applied. */
static bool let_go(struct term *term)
{
    for (size_t i = 0; i < term->stream_count; i++)
        if (!relay_stream_trim(&term->streams[i], term->redis))
            return relay_complain("trimming a stream", relay_redis_fault(term));
    return confirm(term);
}

const char *relay_redis_fault(const struct term *term)
{
    const char *fault = redis_conn_fault(term->redis);
    return fault[0] != '\0' ? fault : "Redis refused, or has lost entries";
}

/* Once it was full, it is so until a tenth is free. */
static bool is_full(const struct term *term, const struct relay_stream *stream)
{
    const struct relay_options *options = &term->relay->options;
    int64_t tenths = term->is_paused ? 9 : 10;
    return stream->length >= options->entries_max / 10 * tenths ||
           stream->bytes >= options->bytes_max / 10 * tenths;
}

static void pause_or_go_on(struct term *term, const struct relay_stream *full)
{
    if (full != NULL && !term->is_paused)
        log_warn("relay.paused", log_text("service", full->service),
                 log_number("entries", full->length), log_number("bytes", full->bytes));
    if (full == NULL && term->is_paused)
        log_info("relay.goes_on");
    term->is_paused = full != NULL;
    relay_set_state(term->relay, term->is_paused ? "paused" : "leading");
}

/* The log keeps what a full stream cannot take. All services wait, since they share the log. */
static bool look_for_room(struct term *term)
{
    const struct relay_stream *full = NULL;
    for (size_t i = 0; i < term->stream_count; i++) {
        if (!relay_stream_measure(&term->streams[i], term->redis))
            return relay_complain("measuring a stream", relay_redis_fault(term));
        if (is_full(term, &term->streams[i]))
            full = &term->streams[i];
    }
    pause_or_go_on(term, full);
    /* While the log is not read, this is what tells its server that somebody is there. */
    return !term->is_paused || pg_log_confirm(term->log, 0) ||
           relay_complain("waiting for room", "the log's connection broke");
}

bool relay_tell_wal_kept(const struct term *term)
{
    enum { EVERY_MS = 2000 };
    static const char sql[] =
        "select max(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn))::bigint,\n"
        "  max(safe_wal_size) from pg_replication_slots where slot_name = $1";
    struct pg_outcome outcome;
    struct pg_values values = {0};
    if (clock_monotonic() < term->relay->wal_at)
        return true;
    term->relay->wal_at = clock_monotonic() + EVERY_MS;
    pg_values_add_text(&values, str_from(term->relay->options.slot));
    bool is_told = pg_session_run(term->session, sql, &values, &outcome);
    pg_values_free(&values);
    if (!is_told)
        return relay_complain("looking at the slot", pg_session_fault(term->session));
    int64_t kept = pg_rows_number(outcome.rows, 0, 0), left = pg_rows_number(outcome.rows, 0, 1);
    metric_set(term->relay->wal_kept, kept);
    if (pg_rows_text(outcome.rows, 0, 1).ptr != NULL && left < kept)
        log_warn("relay.wal_grows", log_number("kept_bytes", kept), log_number("left_bytes", left));
    return true;
}

static bool drop_expired_keys(struct term *term)
{
    enum { EVERY_MS = 10000 };
    bool is_all;
    if (clock_monotonic() < term->keys_at)
        return true;
    if (!expiry_drop_keys(term->session, &is_all))
        return relay_complain("dropping expired keys", pg_session_fault(term->session));
    term->keys_at = clock_monotonic() + (is_all ? EVERY_MS : 0);
    return true;
}

bool relay_tend(struct term *term)
{
    msec_t now = clock_monotonic();
    if (now < term->tend_at)
        return true;
    term->tend_at = now + TEND_EVERY_MS;
    for (size_t i = 0; i < term->stream_count; i++) {
        if (!relay_stream_tend(&term->streams[i], term->redis, term->epoch,
                               term->relay->options.retention))
            return relay_complain("tending the stream", relay_redis_fault(term));
        if (!pg_log_keep(term->log))
            return relay_complain("tending the stream", "the log's connection broke");
    }
    return look_for_room(term) && relay_tell_wal_kept(term) && drop_expired_keys(term) &&
           relay_tend_calendar(term) && (now < term->settled_at || let_go(term));
}
