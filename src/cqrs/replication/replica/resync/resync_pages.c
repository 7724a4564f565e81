#include "cqrs/replication/replica/resync/resync_pages.h"

#include <stdio.h>

#include "base/clock.h"
#include "cqrs/replication/replica/block/replica_history.h"
#include "cqrs/replication/replica/block/replica_rows.h"
#include "model/image.h"

static bool fail(struct resync_pages *pages, const char *what, const char *detail)
{
    snprintf(pages->why, sizeof(pages->why), "%s: %s", what, detail);
    return false;
}

/* Pages that do not go forward would never end. */
static bool go_on_to(struct resync_pages *pages, struct str id)
{
    struct uuid uuid;
    char text[UUID_TEXT_SIZE];
    if (!uuid_parse(id, &uuid))
        return fail(pages, "a page", "an id is none");
    uuid_format(&uuid, text);
    if (strcmp(text, pages->last_id) <= 0)
        return fail(pages, "a page", "it does not go forward");
    memcpy(pages->last_id, text, sizeof(text));
    return true;
}

static void count(struct resync_pages *pages, size_t records)
{
    pages->total += (int64_t)records;
    metric_add(pages->resync->records, (int64_t)records);
}

/* A collection's records */

/* The row borrows its body from `body`. */
static bool read_record(const struct resync_pages *pages, const struct json *record,
                        struct replica_row *row, struct buf *body)
{
    row->version = json_find_integer(record, "version", 0);
    row->is_deleted = json_find_truth(record, "deleted", false);
    if (row->version <= 0 || !uuid_parse(json_find_text(record, "id", STR("")), &row->id) ||
        !clock_parse(json_find_text(record, "created_at", STR("")), &row->created_at))
        return false;
    if (row->is_deleted)
        buf_append_text(body, "{}");
    else if (!replica_rows_complete(pages->collection, json_find_text(record, "body", STR("")),
                                    body))
        return false;
    row->body = buf_str(body);
    return true;
}

static bool take_record(struct resync_pages *pages, const struct json *record,
                        struct replica_rows *rows)
{
    struct buf body = {0};
    struct replica_row row;
    bool is_fine = read_record(pages, record, &row, &body)
                       ? go_on_to(pages, json_find_text(record, "id", STR("")))
                       : fail(pages, "a page", "a record is malformed");
    if (is_fine)
        replica_rows_add(rows, &row);
    buf_free(&body);
    return is_fine;
}

/* Page by page the records of the epoch that is over make room for those of this one. */
static bool take_records(struct resync_pages *pages, const struct json *page)
{
    const struct json *records = json_find(page, "records");
    struct pg_session *session = pages->resync->means.session;
    struct replica_rows rows = {0};
    char after[UUID_TEXT_SIZE];
    bool is_fine = true;
    memcpy(after, pages->last_id, sizeof(after));
    if (records == NULL || json_kind(records) != JSON_KIND_ARRAY)
        return fail(pages, "a page", "it has no records");
    for (size_t i = 0; is_fine && i < json_count(records); i++)
        is_fine = take_record(pages, json_item(records, i), &rows);
    if (is_fine && pages->replaces)
        replica_rows_clear(&rows, pages->collection, session, after,
                           rows.count > 0 ? pages->last_id : "");
    if (is_fine)
        replica_rows_store(&rows, pages->collection, session);
    pages->is_over = json_count(records) == 0;
    count(pages, json_count(records));
    replica_rows_free(&rows);
    return is_fine;
}

/* A service's events */

static bool decode_hex(struct str text, struct buf *out)
{
    char *place = buf_reserve(out, text.len / 2);
    for (size_t i = 0; i + 1 < text.len; i += 2) {
        int high = str_hex_digit(text.ptr[i]), low = str_hex_digit(text.ptr[i + 1]);
        if (high < 0 || low < 0)
            return false;
        *place++ = (char)(high << 4 | low);
    }
    out->len = text.len / 2;
    return text.len % 2 == 0;
}

static bool take_event(struct resync_pages *pages, const struct json *json,
                       struct replica_history *history)
{
    const struct replica_means *means = &pages->resync->means;
    const char *why = "its data is malformed";
    struct buf data = {0};
    struct event event = {
        .service = str_from(pages->service->name),
        .collection = json_find_text(json, "collection", STR("")),
        .type = json_find_text(json, "type", STR("")),
        .subject = json_find_text(json, "subject", STR("")),
        .time = json_find_text(json, "time", STR("")),
        .actor = json_find_text(json, "actor", STR("")),
        .fingerprint = json_find_text(json, "fingerprint", STR("")),
    };
    struct replica_images images = {0};
    struct uuid subject;
    bool is_read = uuid_parse(event.subject, &subject) &&
                   decode_hex(json_find_text(json, "data", STR("")), &data);
    event.data = buf_str(&data);
    is_read = is_read && replica_block_read(means, &event, &images, &why);
    bool is_added = is_read;
    if (!is_read)
        fail(pages, "an event of a page", why);
    else if (!replica_history_add(history, means->session, &event, &images))
        is_added = fail(pages, "opening a month", pg_session_fault(means->session));
    replica_images_free(&images);
    buf_free(&data);
    return is_added;
}

static bool take_events(struct resync_pages *pages, const struct json *page)
{
    const struct json *events = json_find(page, "events");
    struct str last = json_find_text(page, "last", STR(""));
    struct replica_history history = {.calendar = pages->resync->means.calendar};
    bool is_fine = true;
    pages->is_over = last.len == 0;
    if (events == NULL || json_kind(events) != JSON_KIND_ARRAY)
        return fail(pages, "a page", "it has no events");
    for (size_t i = 0; is_fine && i < json_count(events); i++)
        is_fine = take_event(pages, json_item(events, i), &history);
    if (is_fine)
        replica_history_store(&history, pages->resync->means.session);
    count(pages, json_count(events));
    replica_history_free(&history);
    return is_fine && (pages->is_over || go_on_to(pages, last));
}

/* Either */

/* `next` is the number of the next transaction, `oldest` that of the oldest one under way. */
static void look_at_snapshot(struct resync_pages *pages, const struct json *page)
{
    if (pages->barrier == 0)
        pages->barrier = json_find_integer(page, "next", 0);
    pages->sees_all = json_find_integer(page, "oldest", 0) >= pages->barrier;
}

static bool take_page(struct resync_pages *pages, struct str body)
{
    char mistake[JSON_MISTAKE_SIZE];
    struct json *page = json_parse(body, mistake);
    bool is_fine = true;
    if (page == NULL || json_kind(page) != JSON_KIND_OBJECT)
        is_fine = fail(pages, "a page", page == NULL ? mistake : "it is no object");
    else if (!str_equal(json_find_text(page, "epoch", STR("")), str_from(pages->epoch)))
        is_fine = fail(pages, "a page", "it is of another epoch");
    else if (pages->is_waiting)
        look_at_snapshot(pages, page);
    else
        is_fine = pages->collection != NULL ? take_records(pages, page) : take_events(pages, page);
    if (page != NULL)
        json_free(&page);
    return is_fine;
}

static void on_page(void *arg, const struct http_outcome *outcome)
{
    struct resync_pages *pages = arg;
    pages->status = outcome->status;
    if (outcome->status != STATUS_OK) {
        fail(pages, "a page", status_info(outcome->status)->sentence);
    } else if (outcome->head.status != 200) {
        pages->status = STATUS_UPSTREAM_FAILED;
        snprintf(pages->why, sizeof(pages->why), "a page: the write server answered %d",
                 outcome->head.status);
    } else {
        buf_reset(&pages->page);
        buf_append_str(&pages->page, outcome->body);
    }
}

/* The first id that a time can have: history that is not kept need not be fetched. */
static void write_first(const struct calendar *calendar, struct buf *target)
{
    char text[UUID_TEXT_SIZE];
    if (calendar->days == 0)
        return;
    struct uuid first = uuid_from(calendar_first(calendar, clock_wall_ms()), 0, 0);
    uuid_format(&first, text);
    buf_printf(target, "?after=%s", text);
}

bool resync_pages_take(struct resync_pages *pages)
{
    enum { CONNECT_MS = 1000, PAGE_MS = 20000 };
    const struct resync *resync = pages->resync;
    struct buf target = {0}, headers = {0};
    buf_printf(&target, "/replication/%s", pages->service->name);
    if (pages->collection != NULL)
        buf_printf(&target, "/%s", pages->collection->name);
    if (pages->last_id[0] != '\0')
        buf_printf(&target, "?after=%s", pages->last_id);
    else if (pages->collection == NULL)
        write_first(resync->means.calendar, &target);
    if (resync->cluster_key != NULL)
        buf_printf(&headers, "Authorization: Bearer %s\r\n", resync->cluster_key);
    struct http_call_options options = {.method = STR("GET"),
                                        .target = buf_str(&target),
                                        .headers = buf_str(&headers),
                                        .connect_ms = CONNECT_MS,
                                        .total_ms = PAGE_MS};
    pages->status = STATUS_NO_SERVER;
    fail(pages, "a page", "there is no write server to ask");
    for (size_t i = 0; i < resync->servers->count && pages->status != STATUS_OK; i++)
        http_call_and_wait(resync->servers->peers[i], &options, on_page, pages);
    buf_free(&target);
    buf_free(&headers);
    return pages->status == STATUS_OK && take_page(pages, buf_str(&pages->page));
}

void resync_pages_free(struct resync_pages *pages)
{
    buf_free(&pages->page);
}

bool resync_pages_await(struct resync_pages *pages)
{
    enum { LOOK_EVERY_MS = 20, PATIENCE_MS = 5000 };
    struct background *background = pages->resync->background;
    msec_t give_up_at = clock_monotonic() + PATIENCE_MS;
    bool is_fine;
    pages->barrier = 0;
    pages->is_waiting = true;
    do {
        is_fine = resync_pages_take(pages);
        if (is_fine && !pages->sees_all)
            background_rest(background, LOOK_EVERY_MS);
    } while (is_fine && !pages->sees_all && !background_is_stopping(background) &&
             clock_monotonic() < give_up_at); /* somebody else's transaction may last for hours */
    pages->is_waiting = false;
    return is_fine;
}
