#include "cqrs/write/page_store.h"

#include "base/log.h"

/* What the page's snapshot shows: every transaction before the oldest one under way. */
#define SNAPSHOT                                                                                   \
    "'\"oldest\":' || pg_snapshot_xmin(pg_current_snapshot()) || ',\"next\":' || "                 \
    "pg_snapshot_xmax(pg_current_snapshot())"

/* A page ends at 500 rows or 4 MiB, whichever is first, but has one row where there is one. */
static const char page_sql[] =
    "select (select epoch from mamparo.epoch), " SNAPSHOT " || ',\"records\":[' ||\n"
    "  coalesce(string_agg(row::text, ','), '') || ']' from (\n"
    "  select json_build_object('id', id, 'version', version, 'deleted', deleted, 'created_at',\n"
    "    to_char(created_at, 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), 'body', body) as row\n"
    "  from (select *, sum(octet_length(body)) over (order by id) as bytes,\n"
    "      row_number() over (order by id) as number\n"
    "    from (select * from %s where id > $1::uuid order by id limit 500) few) counted\n"
    "  where number = 1 or bytes < 4194304 order by id) page";

/* All services' events lie together: a page is a span of ids, of which one service's are told. */
static const char event_page_sql[] =
    "with few as (select *, sum(2 * octet_length(data)) over (order by id) as bytes,\n"
    "    row_number() over (order by id) as number\n"
    "  from (select * from mamparo.events where id > $1::uuid order by id limit 1000) few),\n"
    "page as (select * from few where number = 1 or bytes < 4194304)\n"
    "select (select epoch from mamparo.epoch),\n"
    "  " SNAPSHOT
    " || ',\"last\":' || coalesce((select to_json(id)::text from page order by id desc limit 1), "
    "'null')\n"
    "  || ',\"events\":[' || coalesce((select string_agg(json_build_object(\n"
    "    'collection', collection, 'type', type, 'subject', subject, 'actor', actor,\n"
    "    'time', to_char(time, 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'),\n"
    "    'fingerprint', fingerprint, 'data', encode(data, 'hex'))::text, ',' order by id)\n"
    "  from page where service = $2::text), '') || ']'";

struct page {
    page_store_done_fn *done;
    void *arg;
};

static void on_page(void *arg, const struct pg_outcome *outcome)
{
    struct page *page = arg;
    struct buf json = {0};
    enum status status = outcome->status;
    if (status == STATUS_INTERNAL)
        log_error("page_store.refused", log_text("sqlstate", outcome->sqlstate));
    struct str epoch = status == STATUS_OK ? pg_rows_text(outcome->rows, 0, 0) : STR("");
    if (status == STATUS_OK && epoch.len == 0)
        status = STATUS_STARTING; /* no relay has led yet */
    if (status == STATUS_OK) {
        buf_printf(&json, "{\"epoch\":\"" STR_FMT "\",", STR_ARG(epoch));
        buf_append_str(&json, pg_rows_text(outcome->rows, 0, 1));
        buf_append_char(&json, '}');
    }
    page->done(page->arg, status, buf_str(&json));
    buf_free(&json);
    free(page);
}

static struct page *begin_page(const struct uuid *after, struct pg_values *values,
                               page_store_done_fn *done, void *arg)
{
    static const struct uuid nil;
    struct page *page = mem_new(1, sizeof(*page));
    *page = (struct page){done, arg};
    pg_values_add_uuid(values, after != NULL ? after : &nil);
    return page;
}

void page_store_records(struct pg_pool *pool, const struct collection *collection,
                        const struct uuid *after, page_store_done_fn *done, void *arg)
{
    struct pg_values values = {0};
    struct buf sql = {0};
    struct page *page = begin_page(after, &values, done, arg);
    buf_printf(&sql, page_sql, collection->table);
    pg_pool_submit(pool, pg_pool_statement(pool, PG_KIND_READ, sql.ptr, 1), &values, on_page, page);
    buf_free(&sql);
}

void page_store_events(struct pg_pool *pool, const struct service *service,
                       const struct uuid *after, page_store_done_fn *done, void *arg)
{
    struct pg_values values = {0};
    struct page *page = begin_page(after, &values, done, arg);
    pg_values_add_text(&values, str_from(service->name));
    pg_pool_submit(pool, pg_pool_statement(pool, PG_KIND_READ, event_page_sql, 2), &values, on_page,
                   page);
}
