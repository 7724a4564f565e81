#include "cqrs/replication/live/live_follower.h"

#include <stdio.h>
#include <time.h>

#include "base/log.h"
#include "cqrs/replication/event_json.h"
#include "io/pg/pg_session.h"

enum {
    READ_WAIT_MS = 500, /* for the next entry; also how often the cursor is looked at */
    APPLY_WAIT_MS = 20, /* for the applier and for more to read; then longer */
    APPLY_WAIT_MAX_MS = 80,
    STATEMENT_MS = 5000,
};

/* Lifetime: a round's. */
struct follower {
    struct live_feed *feed;
    struct pg_session *session;
    struct redis_conn *redis;
    struct writer_schemas schemas;
    struct buf text;     /* of the event at hand */
    msec_t wait;         /* for the applier */
    int64_t event_bytes; /* of the last one; 0: none yet */
};

static bool complain(const struct follower *follower, const char *what, const char *why)
{
    log_warn("live.interrupted", log_text("service", follower->feed->service->name),
             log_text("at", what), log_text("why", why));
    return false;
}

/* What the loops see */

static void on_told(void *arg)
{
    struct live_listener *listener = arg;
    atomic_store(&listener->is_told, false);
    listener->on_news(listener);
}

/* With the lock. */
static void tell_listeners(struct live_feed *feed)
{
    list_each (link, &feed->listeners) {
        struct live_listener *listener = container_of(link, struct live_listener, link);
        if (!atomic_exchange(&listener->is_told, true))
            loop_post(listener->loop, on_told, listener);
    }
}

/* What was before is not to be had any more: who was following is told so. */
static void restart(struct live_feed *feed, struct position floor)
{
    pthread_mutex_lock(&feed->lock);
    live_ring_restart(&feed->ring, floor);
    feed->has_begun = true;
    feed->term++;
    tell_listeners(feed);
    pthread_mutex_unlock(&feed->lock);
}

static void enter_epoch(struct live_feed *feed, struct str epoch)
{
    pthread_mutex_lock(&feed->lock);
    snprintf(feed->epoch, sizeof(feed->epoch), STR_FMT, STR_ARG(epoch));
    feed->has_begun = false;
    feed->term++;
    feed->last = (struct position){0};
    live_ring_restart(&feed->ring, feed->last);
    pthread_mutex_unlock(&feed->lock);
}

static void show(struct live_feed *feed, struct position applied)
{
    pthread_mutex_lock(&feed->lock);
    feed->applied = applied;
    if (live_ring_show(&feed->ring, applied))
        tell_listeners(feed);
    pthread_mutex_unlock(&feed->lock);
}

/* The database */

/* Whichever process applies to it. A replica that was never filled shows nothing yet. */
static bool look_at_cursor(struct follower *follower)
{
    const char *sql = "select epoch, position from mamparo.cursors where service = $1";
    struct live_feed *feed = follower->feed;
    struct pg_outcome outcome;
    struct pg_values values = {0};
    struct position applied;
    pg_values_add_text(&values, str_from(feed->service->name));
    bool is_read = pg_session_run(follower->session, sql, &values, &outcome);
    pg_values_free(&values);
    if (!is_read)
        return complain(follower, "reading the cursor", pg_session_fault(follower->session));
    if (pg_rows_count(outcome.rows) == 0 ||
        !position_parse(pg_rows_text(outcome.rows, 0, 1), &applied))
        return true;
    if (!str_equal(pg_rows_text(outcome.rows, 0, 0), str_from(feed->epoch)))
        enter_epoch(feed, pg_rows_text(outcome.rows, 0, 0));
    if (position_compare(applied, feed->applied) != 0)
        follower->wait = APPLY_WAIT_MS;
    show(feed, applied);
    return true;
}

/* The stream */

static bool find_kind(const struct event *event, const struct collection *collection,
                      enum live_kind *out)
{
    struct str rest = event->type;
    if (!str_equal(str_cut(&rest, '.'), event->service) ||
        !str_equal(str_cut(&rest, '.'), str_from(collection->entity)))
        return false;
    for (*out = 0; *out < LIVE_KIND_COUNT; ++*out)
        if (str_equal(rest, str_from(live_kinds[*out])))
            return true;
    return false;
}

static size_t find_collection(const struct service *service, struct str name)
{
    size_t at = 0;
    while (at < service->collection_count &&
           !str_equal(str_from(service->collections[at]->name), name))
        at++;
    return at;
}

/* NULL for one of another version of the model that this one has no name for: it cannot be read
 * here either. */
static struct live_event *render(struct follower *follower, const struct event_entry *entry)
{
    const struct service *service = follower->feed->service;
    const struct event *event = &entry->event;
    size_t collection = find_collection(service, event->collection);
    char position[POSITION_TEXT_SIZE];
    struct buf *text = &follower->text;
    enum live_kind kind;
    if (collection == service->collection_count ||
        !find_kind(event, service->collections[collection], &kind))
        return NULL;
    position_format(entry->position, position);
    buf_reset(text);
    buf_printf(text, "id: %s@" STR_FMT "\nevent: " STR_FMT "\ndata: ", position,
               STR_ARG(entry->epoch), STR_ARG(event->type));
    const char *why = event_json_write(entry, &follower->schemas, text);
    if (why != NULL)
        log_warn("live.unreadable", log_text("service", service->name), log_str("event", event->id),
                 log_text("why", why));
    buf_append_text(text, "\n\n");
    return live_event_new(entry->position, collection, kind, buf_str(text));
}

/* False when reading must begin again. What there is no room for is read again later, and so is
 * what is of an epoch that this replica has not reached. */
static bool take_entry(struct follower *follower, const struct redis_reply *reply, bool *has_room)
{
    struct live_feed *feed = follower->feed;
    struct event_entry entry;
    if (!event_from_entry(reply, &entry))
        return complain(follower, "reading", "an entry is none of ours");
    *has_room = live_ring_has_room(&feed->ring) && str_equal(entry.epoch, str_from(feed->epoch));
    if (!*has_room)
        return true;
    if (!feed->has_begun || position_compare(entry.prev, feed->last) > 0)
        restart(feed, entry.prev);
    follower->event_bytes = (int64_t)entry.event.data.len + 1;
    struct live_event *event = render(follower, &entry);
    if (follower->schemas.is_unanswered)
        return complain(follower, "reading a schema", redis_conn_fault(follower->redis));
    pthread_mutex_lock(&feed->lock);
    feed->last = entry.position;
    if (event != NULL)
        live_ring_push(&feed->ring, event);
    pthread_mutex_unlock(&feed->lock);
    return true;
}

static bool take_entries(struct follower *follower, const struct redis_reply *entries,
                         bool *has_room)
{
    bool is_fine = true;
    for (size_t i = 0; i < redis_reply_count(entries) && is_fine && *has_room; i++)
        is_fine = take_entry(follower, redis_reply_item(entries, i), has_room);
    return is_fine;
}

/* As many as the last ones let expect to be some megabytes; at first few. */
static int count_to_read(const struct follower *follower)
{
    enum { FEW = 32, MOST = 256, BYTES = 8 << 20 };
    int64_t fitting = follower->event_bytes == 0 ? FEW : BYTES / follower->event_bytes;
    return fitting > MOST ? MOST : fitting < 1 ? 1 : (int)fitting;
}

static struct redis_reply *read_stream(struct follower *follower, bool waits)
{
    struct live_feed *feed = follower->feed;
    struct buf key = {0};
    char last[POSITION_TEXT_SIZE], most[24];
    position_format(feed->last, last);
    snprintf(most, sizeof(most), "%d", count_to_read(follower));
    event_key(feed->service->name, "events", &key);
    struct str wait[] = {STR("XREAD"), STR("COUNT"),   str_from(most), STR("BLOCK"),
                         STR("500"),   STR("STREAMS"), buf_str(&key),  str_from(last)};
    struct str look[] = {STR("XREAD"),   STR("COUNT"),  str_from(most),
                         STR("STREAMS"), buf_str(&key), str_from(last)};
    static_assert(READ_WAIT_MS == 500, "as it stands in the command");
    if (waits)
        redis_conn_queue(follower->redis, wait, countof(wait));
    else
        redis_conn_queue(follower->redis, look, countof(look));
    struct redis_reply *reply = redis_conn_next(follower->redis, READ_WAIT_MS);
    buf_free(&key);
    return reply;
}

/* The stream has nothing behind the cursor: so everything there was has been applied. */
static void begin_at_cursor(struct live_feed *feed, struct position applied)
{
    feed->last = applied;
    restart(feed, applied);
}

static void await_applier(struct follower *follower)
{
    enum { NANOSECONDS = 1000000 };
    nanosleep(&(struct timespec){.tv_nsec = follower->wait * NANOSECONDS}, NULL);
    if (follower->wait < APPLY_WAIT_MAX_MS)
        follower->wait *= 2;
}

static bool is_waiting(const struct live_feed *feed)
{
    return feed->ring.count > feed->ring.seen;
}

static bool follow_once(struct follower *follower)
{
    struct live_feed *feed = follower->feed;
    if (!live_ring_has_room(&feed->ring)) {
        await_applier(follower);
        return true;
    }
    struct redis_reply *reply = read_stream(follower, feed->has_begun && !is_waiting(feed));
    bool has_room = true, is_fine = redis_reply_kind(reply) != REDIS_KIND_ERROR;
    char error[128];
    snprintf(error, sizeof(error), STR_FMT, STR_ARG(redis_reply_text(reply)));
    if (reply == NULL)
        is_fine = complain(follower, "reading", redis_conn_fault(follower->redis));
    else if (!is_fine)
        complain(follower, "reading", error);
    else if (redis_reply_count(reply) > 0)
        is_fine =
            take_entries(follower, redis_reply_item(redis_reply_item(reply, 0), 1), &has_room);
    else if (!feed->has_begun)
        begin_at_cursor(feed, feed->applied);
    redis_reply_free(&reply);
    if (is_fine && (is_waiting(feed) || !has_room))
        await_applier(follower);
    return is_fine;
}

/* A round */

static bool connect(struct follower *follower)
{
    const struct live_feed_options *options = &follower->feed->options;
    char why[256];
    follower->session = pg_session_open(options->database_url, STATEMENT_MS, why, sizeof(why));
    if (follower->session == NULL)
        return complain(follower, "connecting to the database", why);
    follower->redis = redis_conn_open(options->redis_url, why, sizeof(why));
    follower->schemas = (struct writer_schemas){.model = options->model, .redis = follower->redis};
    return follower->redis != NULL || complain(follower, "connecting to Redis", why);
}

void live_follower_run(struct background *background)
{
    struct follower follower = {.feed = container_of(background, struct live_feed, background),
                                .wait = APPLY_WAIT_MS};
    struct live_feed *feed = follower.feed;
    if (!atomic_load(feed->options.is_migrated)) {
        background_works(background);
        return;
    }
    if (connect(&follower))
        while (!background_is_stopping(background) && look_at_cursor(&follower)) {
            if (feed->epoch[0] == '\0')
                background_rest(background, READ_WAIT_MS);
            else if (!follow_once(&follower))
                break;
            background_works(background);
        }
    writer_schemas_free(&follower.schemas);
    redis_conn_close(&follower.redis);
    pg_session_close(&follower.session);
    buf_free(&follower.text);
}
