#include "cqrs/replication/replica/resync.h"

#include <stdio.h>

#include "base/log.h"
#include "cqrs/replication/replica/resync_pages.h"

static bool fail(char *why, size_t size, const char *what, const char *detail)
{
    snprintf(why, size, "%s: %s", what, detail);
    return false;
}

static bool read_epoch(struct redis_conn *redis, struct str key, struct resync_top *out)
{
    struct str words[] = {STR("GET"), key};
    struct redis_reply *reply = redis_conn_command(redis, words, countof(words));
    bool is_there = redis_reply_kind(reply) == REDIS_KIND_TEXT;
    snprintf(out->epoch, sizeof(out->epoch), STR_FMT, STR_ARG(redis_reply_text(reply)));
    redis_reply_free(&reply);
    return is_there;
}

static bool read_top(struct redis_conn *redis, struct str key, struct resync_top *out)
{
    struct str words[] = {STR("XINFO"), STR("STREAM"), key};
    struct redis_reply *reply = redis_conn_command(redis, words, countof(words));
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
    bool is_ready =
        read_epoch(redis, buf_str(&epoch), out) && read_top(redis, buf_str(&stream), out);
    buf_free(&stream);
    buf_free(&epoch);
    return is_ready;
}

/* Records of a log that was rewound may have versions that the new one gives again: they go. In a
 * transaction that ends with the new cursor, so that readers have the old ones until then. */
static bool forget_epoch(const struct resync *resync, const struct service *service)
{
    struct buf script = {0};
    buf_append_text(&script, "begin;\n");
    for (size_t i = 0; i < service->collection_count; i++)
        buf_printf(&script, "delete from %s;\n", service->collections[i]->table);
    buf_printf(&script,
               "update mamparo.totals set total = 0 where service = '%s';\n"
               "delete from mamparo.history where starts_with(collection, '%s/');\n",
               service->name, service->name);
    bool is_done = pg_session_run(resync->means.session, script.ptr, NULL, NULL);
    buf_free(&script);
    return is_done;
}

static bool fill(const struct resync *resync, const struct replica_cursor *noted, char *why,
                 size_t why_size)
{
    const struct service *service = noted->service;
    struct resync_pages pages = {.resync = resync, .service = service, .epoch = noted->epoch};
    for (size_t i = 0; i <= service->collection_count; i++) {
        /* Behind the last collection comes what happened to all of them. */
        pages.collection = i < service->collection_count ? service->collections[i] : NULL;
        pages.last_id[0] = '\0';
        pages.total = 0;
        do {
            if (background_is_stopping(resync->background))
                return fail(why, why_size, "a page", "the process stops");
            if (!resync_pages_take(&pages))
                return fail(why, why_size, service->name, pages.why);
            if (!replica_report(resync->redis, resync->replica_id, noted))
                return fail(why, why_size, "reporting", redis_conn_fault(resync->redis));
        } while (!pages.is_over);
        log_info("replica.filled", log_text("service", service->name),
                 log_text("what", pages.collection != NULL ? pages.collection->name : "history"),
                 log_number("records", pages.total));
    }
    return true;
}

bool resync_run(const struct resync *resync, struct replica_cursor *cursor, char *why,
                size_t why_size)
{
    struct replica_cursor noted = {.service = cursor->service};
    struct resync_top top;
    if (!resync_find_top(resync->redis, cursor->service, &top))
        return fail(why, why_size, "the stream", "no relay has readied it yet");
    noted.position = top.view.top;
    memcpy(noted.epoch, top.epoch, sizeof(noted.epoch));
    bool is_other_epoch = cursor->epoch[0] != '\0' && strcmp(cursor->epoch, noted.epoch) != 0;
    if (is_other_epoch && !forget_epoch(resync, cursor->service))
        return fail(why, why_size, "forgetting the old epoch",
                    pg_session_fault(resync->means.session));
    /* Registered before the first page, so that what comes meanwhile is not trimmed. */
    if (!replica_report(resync->redis, resync->replica_id, &noted))
        return fail(why, why_size, "reporting", redis_conn_fault(resync->redis));
    if (!fill(resync, &noted, why, why_size))
        return false;
    if (!replica_save_cursor(resync->means.session, &noted) ||
        (is_other_epoch && !pg_session_run(resync->means.session, "commit", NULL, NULL)))
        return fail(why, why_size, "saving the cursor", pg_session_fault(resync->means.session));
    *cursor = noted;
    return true;
}
