#include "cqrs/replication/replica/shift.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "cqrs/replication/replica/block/replica_replay.h"
#include "cqrs/replication/replica/replica_freshness.h"
#include "cqrs/replication/replica/replica_place.h"
#include "cqrs/replication/replica/resync/resync.h"

enum {
    READ_WAIT_MS = 200, /* for the next entry; also how often a sign of life is given */
    REPORT_EVERY_MS = 50,
    LOOK_EVERY_MS = 250, /* at the stream, while there is much to apply */
};

static struct replica_means means_of(struct shift *shift)
{
    return (struct replica_means){shift->session, &shift->schemas, &shift->applier->calendar,
                                  &shift->letters, shift->applier->validity};
}

bool shift_complain(const struct shift *shift, const char *what, const char *why)
{
    log_warn("replica.interrupted", log_text("service", shift->applier->service->name),
             log_text("at", what), log_text("why", why));
    return false;
}

void shift_set_state(struct applier *applier, const char *state)
{
    validity_end(applier->validity);
    applier_gauges_set_state(&applier->gauges, state);
}

/* Saved as well, for who will know no better. */
static bool tell_lag(struct shift *shift)
{
    struct lag lag = lag_measure(&shift->meter, shift->cursor.position, clock_wall_ms());
    applier_gauges_set_lag(&shift->applier->gauges, lag);
    if (clock_monotonic() < shift->save_at)
        return true;
    shift->save_at = clock_monotonic() + REPLICA_FRESHNESS_EVERY_MS;
    return replica_freshness_save(shift->session, shift->applier->service->name, lag.ms) ||
           shift_complain(shift, "saving how fresh it is", pg_session_fault(shift->session));
}

static bool tell_letters(const struct shift *shift)
{
    return applier_gauges_set_letters(&shift->applier->gauges, &shift->letters, shift->session) ||
           shift_complain(shift, "reading the dead letters", pg_session_fault(shift->session));
}

bool shift_load_letters(struct shift *shift)
{
    shift->letters.service = shift->applier->service->name;
    return dead_letters_load(&shift->letters, shift->session)
               ? tell_letters(shift)
               : shift_complain(shift, "reading the dead letters",
                                pg_session_fault(shift->session));
}

static bool hold_place(struct shift *shift)
{
    return replica_place_hold(shift->session) ||
           shift_complain(shift, "holding the place", pg_session_fault(shift->session));
}

static bool keep_following(struct shift *shift)
{
    msec_t asked_at = clock_monotonic();
    bool is_held = hold_place(shift);
    if (is_held)
        validity_hold(shift->applier->validity, asked_at);
    return is_held;
}

static bool flush(struct shift *shift)
{
    return replica_flush_force(&shift->flush, shift->session, &shift->cursor) ||
           shift_complain(shift, "flushing", pg_session_fault(shift->session));
}

/* Resynchronising */

static bool resynchronise(struct shift *shift, const char *reason)
{
    struct applier *applier = shift->applier;
    const char *service = applier->service->name;
    char why[256];
    write_servers_find(&applier->servers, applier->options->write_servers);
    struct resync resync = {.means = means_of(shift),
                            .redis = shift->redis,
                            .servers = &applier->servers,
                            .cluster_key = applier->options->cluster_key,
                            .replica_id = shift->id,
                            .background = &applier->background,
                            .records = applier->gauges.filled};
    shift_set_state(applier, "resynchronising");
    metric_add(applier->gauges.resyncs, 1);
    log_info("replica.resynchronising", log_text("service", service), log_text("reason", reason));
    if (!hold_place(shift))
        return false;
    if (!resync_run(&resync, &shift->cursor, why, sizeof(why)))
        return shift_complain(shift, "resynchronising", why);
    if (!flush(shift))
        return false;
    log_info("replica.resynchronised", log_text("service", service));
    applier_gauges_forget_lag(&applier->gauges);
    atomic_store(&applier->gauges.is_filled, true);
    shift_set_state(applier, "following");
    return shift_load_letters(shift);
}

/* Following */

static struct redis_reply *read_stream(struct shift *shift)
{
    struct buf key = {0};
    char position[POSITION_TEXT_SIZE], most[24];
    position_format(shift->cursor.position, position);
    snprintf(most, sizeof(most), "%lld", (long long)shift->count);
    event_key(shift->cursor.service->name, "events", &key);
    struct str words[] = {STR("XREAD"), STR("COUNT"),   str_from(most), STR("BLOCK"),
                          STR("200"),   STR("STREAMS"), buf_str(&key),  str_from(position)};
    static_assert(READ_WAIT_MS == 200, "as it stands in the command");
    redis_conn_queue(shift->redis, words, countof(words));
    bool is_alive = !shift->has_reported || replica_is_heard(shift->redis);
    shift->has_reported = false;
    buf_free(&key);
    return is_alive ? redis_conn_next(shift->redis, READ_WAIT_MS) : NULL;
}

/* The first of the entries cannot be applied. It is tried some times more, since the reason may
 * pass, and then put aside. */
static bool put_aside(struct shift *shift, const struct replica_block *block,
                      const struct redis_reply *entries)
{
    enum { TRIES = 5, FIRST_REST_MS = 100 };
    struct applier *applier = shift->applier;
    struct replica_means means = means_of(shift);
    if (position_compare(applier->poison_behind, shift->cursor.position) != 0)
        applier->poison_tries = 0;
    applier->poison_behind = shift->cursor.position;
    (void)!shift_complain(shift, "applying", block->why);
    if (!block->is_hopeless && ++applier->poison_tries < TRIES) {
        background_rest(&applier->background, FIRST_REST_MS << (applier->poison_tries - 1));
        return true;
    }
    if (shift->letters.count >= DEAD_LETTERS_MAX)
        return shift_complain(shift, "putting it aside", "there are too many dead letters");
    if (!replica_block_bury(block, &shift->cursor, entries, &means))
        return shift_complain(shift, "putting it aside", pg_session_fault(shift->session));
    log_warn("replica.dead_letter", log_text("service", applier->service->name),
             log_text("why", block->why));
    lag_advance(&shift->meter, 1, 0);
    return shift_load_letters(shift);
}

static bool tend_letters(struct shift *shift)
{
    struct replica_means means = means_of(shift);
    if (shift->letters.count == 0 || clock_monotonic() < shift->letters_at)
        return true;
    shift->letters_at = clock_monotonic() + LOOK_EVERY_MS;
    return replica_replay(&shift->letters, shift->applier->service, &means)
               ? tell_letters(shift)
               : shift_complain(shift, "trying the dead letters", pg_session_fault(shift->session));
}

static bool apply(struct shift *shift, const struct redis_reply *stream)
{
    struct applier *applier = shift->applier;
    struct replica_block block;
    struct replica_means means = means_of(shift);
    const struct redis_reply *entries = redis_reply_item(stream, 1);
    struct position before = shift->cursor.position;
    msec_t asked_at = clock_monotonic();
    enum replica_verdict verdict = replica_block_apply(&block, &shift->cursor, entries, &means);
    if (verdict == REPLICA_MISSED_SOME || verdict == REPLICA_OTHER_EPOCH)
        return resynchronise(shift, block.why);
    if (verdict == REPLICA_POISON)
        return put_aside(shift, &block, entries);
    if (verdict != REPLICA_APPLIED)
        return shift_complain(shift, "applying", block.why);
    metric_add(applier->gauges.applied, (int64_t)block.count);
    lag_advance(&shift->meter, block.count, block.last_time);
    replica_flush_see(&shift->flush, before, &block.log);
    shift->count = replica_block_next(&block);
    validity_hold(applier->validity, asked_at);
    return true;
}

/* It goes out with what is read next, so that nobody waits for the answer. */
static bool report(struct shift *shift, bool is_idle)
{
    msec_t now = clock_monotonic();
    if (!is_idle && now < shift->report_at)
        return true;
    shift->report_at = now + REPORT_EVERY_MS;
    struct replica_cursor on_disk = shift->cursor;
    if (is_idle && !flush(shift))
        return false;
    on_disk.position = shift->flush.flushed;
    replica_queue_report(shift->redis, shift->id, &on_disk);
    shift->has_reported = true;
    return true;
}

/* What no entry may ever tell, when none comes: that the stream is of another epoch, or that its
 * top is beyond the cursor and nothing of it can be read any more. Looked at twice, since an entry
 * may just have come. */
static bool look_at_stream(struct shift *shift, bool is_idle)
{
    struct replica_cursor *cursor = &shift->cursor;
    struct resync_top top;
    if (!is_idle && clock_monotonic() < shift->look_at)
        return true;
    shift->look_at = clock_monotonic() + LOOK_EVERY_MS;
    if (!resync_find_top(shift->redis, cursor->service, &top))
        return true; /* nobody has readied it: there is nothing to compare with */
    lag_look(&shift->meter, &top.view, cursor->position);
    if (!tell_lag(shift))
        return false;
    if (strcmp(top.epoch, cursor->epoch) != 0)
        return resynchronise(shift, "the stream is of another epoch");
    bool has_missed = is_idle && position_compare(cursor->awaited, cursor->position) > 0 &&
                      position_compare(cursor->awaited, top.view.top) == 0;
    if (has_missed)
        return resynchronise(shift, "the stream no longer has what comes next");
    cursor->awaited = is_idle ? top.view.top : (struct position){0};
    return true;
}

static bool tend_history(struct shift *shift)
{
    return calendar_tend(&shift->applier->calendar, shift->session) ||
           shift_complain(shift, "keeping the history's months", pg_session_fault(shift->session));
}

static bool follow_once(struct shift *shift)
{
    struct redis_reply *reply = read_stream(shift);
    bool is_fine = true, is_idle = redis_reply_count(reply) == 0;
    if (reply == NULL)
        return shift_complain(shift, "reading", redis_conn_fault(shift->redis));
    if (redis_reply_kind(reply) == REDIS_KIND_ERROR) {
        char why[128];
        snprintf(why, sizeof(why), STR_FMT, STR_ARG(redis_reply_text(reply)));
        is_fine = shift_complain(shift, "reading", why);
    } else if (!is_idle) {
        is_fine = apply(shift, redis_reply_item(reply, 0));
    }
    redis_reply_free(&reply);
    return is_fine && look_at_stream(shift, is_idle) && tend_history(shift) &&
           tend_letters(shift) && (!is_idle || keep_following(shift)) && report(shift, is_idle);
}

void shift_follow(struct shift *shift)
{
    struct applier *applier = shift->applier;
    background_rest(&applier->background, validity_wait(applier->validity, clock_monotonic()));
    if (shift->cursor.epoch[0] == '\0' && !resynchronise(shift, "it is empty"))
        return;
    if (!flush(shift) || !hold_place(shift) || !look_at_stream(shift, true))
        return;
    log_info("replica.following", log_text("service", applier->service->name));
    background_works(&applier->background);
    shift_set_state(applier, "following");
    while (!background_is_stopping(&applier->background) && follow_once(shift)) {
    }
}
