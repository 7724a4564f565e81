#include "cqrs/query/read_store.h"

#include <stdio.h>

#include "base/log.h"
#include "cqrs/query/list_sql.h"

static void log_refusal(const struct pg_outcome *outcome)
{
    if (outcome->status == STATUS_INTERNAL)
        log_error("read_store.refused", log_text("sqlstate", outcome->sqlstate));
}

/* One record */

struct search {
    read_store_record_fn *done;
    void *arg;
};

static void on_found(void *arg, const struct pg_outcome *outcome)
{
    struct search *search = arg;
    struct read_record record = {.status = outcome->status};
    log_refusal(outcome);
    if (record.status == STATUS_OK && pg_rows_count(outcome->rows) == 0)
        record.status = STATUS_NOT_FOUND;
    if (record.status == STATUS_OK) {
        record.version = pg_rows_number(outcome->rows, 0, 0);
        record.json = pg_rows_text(outcome->rows, 0, 1);
    }
    search->done(search->arg, &record);
    free(search);
}

void read_store_find(struct pg_pool *pool, const struct collection *collection,
                     const struct uuid *id, read_store_record_fn *done, void *arg)
{
    char sql[256];
    struct search *search = mem_new(1, sizeof(*search));
    struct pg_values values = {0};
    *search = (struct search){done, arg};
    pg_values_add_uuid(&values, id);
    snprintf(sql, sizeof(sql), "select version, body from %s where id = $1::uuid and not deleted",
             collection->table);
    pg_pool_submit(pool, pg_pool_statement(pool, PG_KIND_READ, sql, 1), &values, on_found, search);
}

/* A page */

struct listing {
    read_store_page_fn *done;
    void *arg;
    size_t page_size; /* of a list: one record more was asked for */
    int64_t before;   /* how many records there are before the page */
    bool is_ranked;   /* an order that has no cursor */
    struct sort sort;
    struct cursor_seal seal;
};

static struct listing *listing_new(read_store_page_fn *done, void *arg)
{
    struct listing *listing = mem_new(1, sizeof(*listing));
    listing->done = done;
    listing->arg = arg;
    return listing;
}

static void on_page(void *arg, const struct pg_outcome *outcome)
{
    struct listing *listing = arg;
    struct read_page page = {.status = outcome->status};
    log_refusal(outcome);
    if (page.status == STATUS_OK) {
        page.total = pg_rows_number(outcome->rows, 0, 0);
        page.items = pg_rows_text(outcome->rows, 0, 1);
    }
    listing->done(listing->arg, &page);
    free(listing);
}

enum { COLUMN_TOTAL, COLUMN_BODY };

static void join_bodies(const struct pg_rows *rows, size_t count, struct buf *out)
{
    for (size_t row = 0; row < count; row++) {
        if (row > 0)
            buf_append_char(out, ',');
        buf_append_str(out, pg_rows_text(rows, row, COLUMN_BODY));
    }
}

/* None that no URL could carry: three long texts to sort by, say. Pages go on by number then. */
enum { NEXT_LENGTH_MAX = 4000 };

static void write_next(const struct listing *listing, struct str last, struct buf *out)
{
    struct cursor cursor = {.before = listing->before + (int64_t)listing->page_size};
    struct buf texts = {0};
    cursor.count = sort_find_keys(&listing->sort, last, cursor.keys, &texts);
    cursor_write(&cursor, &listing->seal, out);
    if (out->len > NEXT_LENGTH_MAX)
        buf_reset(out);
    buf_free(&texts);
}

static void on_list(void *arg, const struct pg_outcome *outcome)
{
    struct listing *listing = arg;
    struct read_page page = {.status = outcome->status};
    struct buf items = {0}, next = {0};
    log_refusal(outcome);
    if (page.status == STATUS_OK) {
        size_t count = pg_rows_count(outcome->rows);
        page.total = pg_rows_number(outcome->rows, 0, COLUMN_TOTAL);
        page.has_next = count > listing->page_size;
        join_bodies(outcome->rows, page.has_next ? listing->page_size : count, &items);
        if (page.has_next && !listing->is_ranked)
            write_next(listing, pg_rows_text(outcome->rows, listing->page_size - 1, COLUMN_BODY),
                       &next);
        page.items = buf_str(&items);
        page.next = buf_str(&next);
    }
    listing->done(listing->arg, &page);
    buf_free(&items);
    buf_free(&next);
    free(listing);
}

void read_store_list(struct pg_pool *pool, const struct collection *collection,
                     const struct query *query, read_store_page_fn *done, void *arg)
{
    struct listing *listing = listing_new(done, arg);
    struct pg_values values = {0};
    listing->page_size = (size_t)query->page_size;
    listing->before =
        query->has_cursor ? query->cursor.before : (query->page - 1) * query->page_size;
    listing->is_ranked = query_is_ranked(query);
    listing->sort = query->sort;
    query_seal(collection, query, &listing->seal);
    const struct pg_statement *statement = list_sql_page(pool, collection, query, &values);
    pg_pool_submit(pool, statement, &values, on_list, listing);
}

void read_store_count(struct pg_pool *pool, const struct collection *collection,
                      const struct query *query, read_store_page_fn *done, void *arg)
{
    struct pg_values values = {0};
    const struct pg_statement *statement = list_sql_stats(pool, collection, query, &values);
    pg_pool_submit(pool, statement, &values, on_page, listing_new(done, arg));
}

/* A history */

static const char history_sql[] =
    "select (select count(*) from mamparo.history where subject = $1::uuid and collection = $2),\n"
    "  coalesce((select string_agg('{\"version\":' || version || ',\"time\":' ||\n"
    "    to_json(to_char(time, 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'))::text || ',\"actor\":' ||\n"
    "    coalesce(to_json(actor)::text, 'null') || ',\"kind\":' || to_json(kind)::text ||\n"
    "    ',\"before\":' || coalesce(before, 'null') || ',\"after\":' || coalesce(after, 'null')\n"
    "    || '}', ',' order by version desc)\n"
    "  from (select * from mamparo.history where subject = $1::uuid and collection = $2\n"
    "    order by version desc limit $3::bigint offset $4::bigint) page), '')";

static void on_history(void *arg, const struct pg_outcome *outcome)
{
    struct listing *listing = arg;
    if (outcome->status == STATUS_OK && pg_rows_number(outcome->rows, 0, 0) == 0) {
        listing->done(listing->arg, &(struct read_page){.status = STATUS_NOT_FOUND});
        free(listing);
        return;
    }
    on_page(listing, outcome);
}

void read_store_history(struct pg_pool *pool, const struct read_history *wanted,
                        read_store_page_fn *done, void *arg)
{
    const struct collection *collection = wanted->collection;
    struct pg_values values = {0};
    struct buf name = {0};
    pg_values_add_uuid(&values, wanted->id);
    buf_printf(&name, "%s/%s", collection->service, collection->name);
    pg_values_add_text(&values, buf_str(&name));
    pg_values_add_number(&values, wanted->page_size);
    pg_values_add_number(&values, (wanted->page - 1) * wanted->page_size);
    pg_pool_submit(pool, pg_pool_statement(pool, PG_KIND_READ, history_sql, values.count), &values,
                   on_history, listing_new(done, arg));
    buf_free(&name);
}
