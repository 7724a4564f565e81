#include "cqrs/replication/replica/resync/resync.h"

#include <stdio.h>

#include "base/log.h"
#include "cqrs/replication/replica/replica_place.h"
#include "cqrs/replication/replica/resync/resync_pages.h"
#include "cqrs/replication/replica/resync/resync_place.h"

static bool fail(char *why, size_t size, const char *what, const char *detail)
{
    snprintf(why, size, "%s: %s", what, detail);
    return false;
}

static bool read_epoch(struct redis_conn *redis, struct resync_top *out)
{
    struct redis_reply *reply = redis_conn_next(redis, 0);
    bool is_there = redis_reply_kind(reply) == REDIS_KIND_TEXT;
    snprintf(out->epoch, sizeof(out->epoch), STR_FMT, STR_ARG(redis_reply_text(reply)));
    redis_reply_free(&reply);
    return is_there;
}

static bool read_top(struct redis_conn *redis, struct resync_top *out)
{
    struct redis_reply *reply = redis_conn_next(redis, 0);
    bool is_there = false;
    for (size_t i = 0; i + 1 < redis_reply_count(reply); i += 2) {
        struct str name = redis_reply_text(redis_reply_item(reply, i));
        const struct redis_reply *value = redis_reply_item(reply, i + 1);
        if (str_equal(name, STR("last-generated-id")))
            is_there = position_parse(redis_reply_text(value), &out->view.top);
        else if (str_equal(name, STR("entries-added")))
            out->view.added = redis_reply_number(value);
        else if (str_equal(name, STR("length")))
            out->view.length = redis_reply_number(value);
    }
    redis_reply_free(&reply);
    return is_there;
}

bool resync_find_top(struct redis_conn *redis, const struct service *service,
                     struct resync_top *out)
{
    struct buf stream = {0}, epoch = {0};
    *out = (struct resync_top){0};
    event_key(service->name, "events", &stream);
    event_key(service->name, "epoch", &epoch);
    struct str get[] = {STR("GET"), buf_str(&epoch)};
    struct str info[] = {STR("XINFO"), STR("STREAM"), buf_str(&stream)};
    redis_conn_queue(redis, get, countof(get));
    redis_conn_queue(redis, info, countof(info));
    bool has_epoch = read_epoch(redis, out);
    bool has_top = read_top(redis, out); /* both answers are taken, whatever they say */
    buf_free(&stream);
    buf_free(&epoch);
    return has_epoch && has_top;
}

/* What happened in an epoch that is over may not have happened in this one. */
static bool forget_history(const struct resync *resync, const struct service *service)
{
    static const char sql[] = "delete from mamparo.history as h using (\n"
                              "  select subject, version, collection, time from mamparo.history\n"
                              "  where starts_with(collection, $1) limit 5000) as few\n"
                              "where h.subject = few.subject and h.version = few.version\n"
                              "  and h.collection = few.collection and h.time = few.time";
    struct buf stem = {0};
    struct pg_values values = {0};
    struct pg_outcome outcome;
    bool is_done, is_more = true;
    buf_printf(&stem, "%s/", service->name);
    pg_values_add_text(&values, buf_str(&stem));
    do {
        is_done = pg_session_run(resync->means.session, sql, &values, &outcome);
        is_more = is_done && pg_rows_affected(outcome.rows) > 0;
    } while (is_more && !background_is_stopping(resync->background));
    pg_values_free(&values);
    buf_free(&stem);
    return is_done;
}

/* What is being filled: a collection; NULL: the events, which come behind all of them. */
static size_t stage_of(const struct service *service, const char *name)
{
    size_t i = 0;
    while (i < service->collection_count && strcmp(service->collections[i]->name, name) != 0)
        i++;
    return i;
}

static bool fail_storing(const struct resync *resync, char *why, size_t why_size)
{
    return fail(why, why_size, "storing a page", pg_session_fault(resync->means.session));
}

static void enter_stage(struct resync_pages *pages, struct resync_place *place, size_t stage)
{
    const struct service *service = pages->service;
    pages->collection = stage < service->collection_count ? service->collections[stage] : NULL;
    snprintf(place->stage, sizeof(place->stage), "%s",
             pages->collection != NULL ? pages->collection->name : "");
    memcpy(pages->last_id, place->after, sizeof(pages->last_id));
    pages->total = 0;
}

/* One collection, or the events, from the page on that `place` tells. */
static bool fill_stage(const struct resync *resync, struct resync_pages *pages,
                       struct resync_place *place, char *why, size_t why_size)
{
    const char *service = pages->service->name;
    struct replica_cursor noted = {.service = pages->service, .position = place->noted};
    memcpy(noted.epoch, place->epoch, sizeof(noted.epoch));
    do {
        if (background_is_stopping(resync->background))
            return fail(why, why_size, "a page", "the process stops");
        if (!resync_pages_take(pages))
            return fail(why, why_size, service, pages->why);
        memcpy(place->after, pages->last_id, sizeof(place->after));
        resync_place_save(resync->means.session, service, place);
        if (!pg_session_settle(resync->means.session, NULL))
            return fail_storing(resync, why, why_size);
        if (!replica_report(resync->redis, resync->replica_id, &noted))
            return fail(why, why_size, "reporting", redis_conn_fault(resync->redis));
    } while (!pages->is_over);
    log_info("replica.filled", log_text("service", service),
             log_text("what", pages->collection != NULL ? pages->collection->name : "history"),
             log_number("records", pages->total));
    return true;
}

static bool fill_stages(const struct resync *resync, struct resync_pages *pages,
                        struct resync_place *place, char *why, size_t why_size)
{
    const struct service *service = pages->service;
    bool is_new = place->stage[0] == '\0' && place->after[0] == '\0';
    size_t stage = is_new ? 0 : stage_of(service, place->stage);
    enter_stage(pages, place, stage);
    if (is_new && place->replaces && !forget_history(resync, service))
        return fail_storing(resync, why, why_size);
    if (is_new && !resync_pages_await(pages))
        return fail(why, why_size, service->name, pages->why);
    for (;; stage++) {
        if (!fill_stage(resync, pages, place, why, why_size))
            return false;
        if (stage == service->collection_count)
            return true;
        place->after[0] = '\0';
        enter_stage(pages, place, stage + 1);
    }
}

/* While a page is waited for nothing else is said to the database, which would take the place away.
 */
struct keeper {
    struct loop_timer timer;
    const struct resync *resync;
};

static void on_keeping(struct loop_timer *timer)
{
    enum { EVERY_MS = 500 };
    struct keeper *keeper = container_of(timer, struct keeper, timer);
    /* Where that fails, the next statement will. */
    (void)!replica_place_hold(keeper->resync->means.session);
    loop_timer_start(keeper->resync->servers->loop, timer, EVERY_MS);
}

static bool fill(const struct resync *resync, const struct service *service,
                 struct resync_place *place, char *why, size_t why_size)
{
    struct resync_pages pages = {
        .resync = resync, .service = service, .epoch = place->epoch, .replaces = place->replaces};
    struct keeper keeper = {.timer.fired = on_keeping, .resync = resync};
    on_keeping(&keeper.timer);
    bool is_filled = fill_stages(resync, &pages, place, why, why_size);
    loop_timer_stop(&keeper.timer);
    resync_pages_free(&pages);
    return is_filled;
}

/* Where one that died left off, if it is of the epoch at hand; else from the stream's top. */
static bool find_place(const struct resync *resync, const struct service *service,
                       struct resync_place *place, char *why, size_t why_size)
{
    struct resync_top top;
    bool was_there;
    if (!resync_find_top(resync->redis, service, &top))
        return fail(why, why_size, "the stream", "no relay has readied it yet");
    if (!resync_place_load(resync->means.session, service->name, place, &was_there))
        return fail_storing(resync, why, why_size);
    if (was_there && strcmp(place->epoch, top.epoch) == 0) {
        log_info("replica.resuming", log_text("service", service->name),
                 log_text("at", place->stage), log_text("after", place->after));
        return true;
    }
    *place = (struct resync_place){.noted = top.view.top};
    memcpy(place->epoch, top.epoch, sizeof(place->epoch));
    return true;
}

bool resync_run(const struct resync *resync, struct replica_cursor *cursor, char *why,
                size_t why_size)
{
    struct pg_session *session = resync->means.session;
    struct replica_cursor noted = {.service = cursor->service};
    struct resync_place place;
    if (!find_place(resync, cursor->service, &place, why, why_size))
        return false;
    noted.position = place.noted;
    memcpy(noted.epoch, place.epoch, sizeof(noted.epoch));
    place.replaces = cursor->epoch[0] != '\0' && strcmp(cursor->epoch, noted.epoch) != 0;
    /* Registered before the first page, so that what comes meanwhile is not trimmed. */
    if (!replica_report(resync->redis, resync->replica_id, &noted))
        return fail(why, why_size, "reporting", redis_conn_fault(resync->redis));
    if (!fill(resync, cursor->service, &place, why, why_size))
        return false;
    dead_letters_forget(session, cursor->service->name);
    replica_save_cursor(session, &noted);
    resync_place_drop(session, cursor->service->name);
    if (!pg_session_settle(session, NULL))
        return fail(why, why_size, "saving the cursor", pg_session_fault(session));
    *cursor = noted;
    return true;
}
