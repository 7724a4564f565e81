#include "cqrs/replication/replica/resync.h"

#include <stdio.h>

#include "base/log.h"
#include "cqrs/replication/replica/replica_rows.h"

/* Lifetime: one page of one collection. */
struct page {
    const struct resync *resync;
    const struct collection *collection;
    const char *epoch;
    char last_id[UUID_TEXT_SIZE]; /* of the page before, then of this one */
    size_t count;
    enum status status;
    char why[200];
};

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
    for (size_t i = 0; i + 1 < redis_reply_count(reply); i += 2)
        if (str_equal(redis_reply_text(redis_reply_item(reply, i)), STR("last-generated-id")))
            is_there =
                position_parse(redis_reply_text(redis_reply_item(reply, i + 1)), &out->position);
    redis_reply_free(&reply);
    return is_there;
}

bool resync_find_top(struct redis_conn *redis, const struct service *service,
                     struct resync_top *out)
{
    struct buf stream = {0}, epoch = {0};
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
    buf_printf(&script, "update mamparo.totals set total = 0 where service = '%s';\n",
               service->name);
    bool is_done = pg_session_run(resync->session, script.ptr, NULL, NULL);
    buf_free(&script);
    return is_done;
}

static bool is_json(struct str text)
{
    char mistake[JSON_MISTAKE_SIZE];
    struct json *json = json_parse(text, mistake);
    bool is_object = json != NULL && json_kind(json) == JSON_KIND_OBJECT;
    if (json != NULL)
        json_free(&json);
    return is_object;
}

static bool take_record(struct replica_rows *rows, const struct json *record, struct page *page)
{
    struct uuid id;
    struct replica_row row = {
        .id = json_find_text(record, "id", STR("")),
        .version = json_find_integer(record, "version", 0),
        .is_deleted = json_find_truth(record, "deleted", false),
        .created_at = json_find_text(record, "created_at", STR("")),
        .body = json_find_text(record, "body", STR("")),
    };
    char text[UUID_TEXT_SIZE];
    if (!uuid_parse(row.id, &id) || row.version < 1 || row.created_at.len == 0 ||
        !is_json(row.body))
        return false;
    uuid_format(&id, text);
    if (strcmp(text, page->last_id) <= 0)
        return false; /* pages that do not go forward would never end */
    memcpy(page->last_id, text, sizeof(text));
    replica_rows_add(rows, &row);
    return true;
}

static bool take_page(struct page *page, struct str body)
{
    char mistake[JSON_MISTAKE_SIZE];
    struct replica_rows rows = {0};
    struct json *json = json_parse(body, mistake);
    const struct json *records = NULL;
    bool is_fine = json != NULL && json_kind(json) == JSON_KIND_OBJECT &&
                   (records = json_find(json, "records")) != NULL &&
                   json_kind(records) == JSON_KIND_ARRAY;
    bool is_same =
        is_fine && str_equal(json_find_text(json, "epoch", STR("")), str_from(page->epoch));
    page->count = is_same ? json_count(records) : 0;
    for (size_t i = 0; is_same && i < page->count; i++)
        is_same = take_record(&rows, json_item(records, i), page);
    if (!is_same)
        fail(page->why, sizeof(page->why), "a page", is_fine ? "it is of another epoch" : mistake);
    else if (!replica_rows_store(&rows, page->collection, page->resync->session))
        is_same = fail(page->why, sizeof(page->why), "storing a page",
                       pg_session_fault(page->resync->session));
    replica_rows_free(&rows);
    if (json != NULL)
        json_free(&json);
    return is_same;
}

static void on_page(void *arg, const struct http_outcome *outcome)
{
    struct page *page = arg;
    page->status = outcome->status;
    if (outcome->status != STATUS_OK) {
        fail(page->why, sizeof(page->why), "a page", status_info(outcome->status)->sentence);
    } else if (outcome->head.status != 200) {
        page->status = STATUS_UPSTREAM_FAILED;
        snprintf(page->why, sizeof(page->why), "a page: the write server answered %d",
                 outcome->head.status);
    } else if (!take_page(page, outcome->body)) {
        page->status = STATUS_INTERNAL;
    }
}

/* From whichever write server answers. */
static bool fetch_page(struct page *page)
{
    enum { CONNECT_MS = 1000, PAGE_MS = 20000 };
    const struct resync *resync = page->resync;
    struct buf target = {0}, headers = {0};
    buf_printf(&target, "/replication/%s/%s", page->collection->service, page->collection->name);
    if (page->last_id[0] != '\0')
        buf_printf(&target, "?after=%s", page->last_id);
    if (resync->cluster_key != NULL)
        buf_printf(&headers, "Authorization: Bearer %s\r\n", resync->cluster_key);
    struct http_call_options options = {.method = STR("GET"),
                                        .target = buf_str(&target),
                                        .headers = buf_str(&headers),
                                        .connect_ms = CONNECT_MS,
                                        .total_ms = PAGE_MS};
    page->status = STATUS_NO_SERVER;
    for (size_t i = 0; i < resync->peer_count && page->status != STATUS_OK; i++)
        http_call_and_wait(resync->peers[i], &options, on_page, page);
    buf_free(&target);
    buf_free(&headers);
    return page->status == STATUS_OK;
}

static bool fill_collection(const struct resync *resync, const struct collection *collection,
                            const struct replica_cursor *cursor, char *why, size_t why_size)
{
    struct page page = {.resync = resync, .collection = collection, .epoch = cursor->epoch};
    int64_t total = 0;
    do {
        if (background_is_stopping(resync->background))
            return fail(why, why_size, "a page", "the process stops");
        if (!fetch_page(&page))
            return fail(why, why_size, collection->name, page.why);
        total += (int64_t)page.count;
        if (!replica_report(resync->redis, resync->replica_id, cursor))
            return fail(why, why_size, "reporting", redis_conn_fault(resync->redis));
    } while (page.count > 0);
    log_info("replica.filled", log_text("service", collection->service),
             log_text("collection", collection->name), log_number("records", total));
    return true;
}

bool resync_run(const struct resync *resync, struct replica_cursor *cursor, char *why,
                size_t why_size)
{
    struct replica_cursor noted = {.service = cursor->service};
    struct resync_top top;
    if (!resync_find_top(resync->redis, cursor->service, &top))
        return fail(why, why_size, "the stream", "no relay has readied it yet");
    noted.position = top.position;
    memcpy(noted.epoch, top.epoch, sizeof(noted.epoch));
    bool is_other_epoch = cursor->epoch[0] != '\0' && strcmp(cursor->epoch, noted.epoch) != 0;
    if (is_other_epoch && !forget_epoch(resync, cursor->service))
        return fail(why, why_size, "forgetting the old epoch", pg_session_fault(resync->session));
    /* Registered before the first page, so that what comes meanwhile is not trimmed. */
    if (!replica_report(resync->redis, resync->replica_id, &noted))
        return fail(why, why_size, "reporting", redis_conn_fault(resync->redis));
    for (size_t i = 0; i < cursor->service->collection_count; i++)
        if (!fill_collection(resync, cursor->service->collections[i], &noted, why, why_size))
            return false;
    if (!replica_save_cursor(resync->session, &noted) ||
        (is_other_epoch && !pg_session_run(resync->session, "commit", NULL, NULL)))
        return fail(why, why_size, "saving the cursor", pg_session_fault(resync->session));
    *cursor = noted;
    return true;
}
