#include "cqrs/read_store.h"

#include <stdio.h>

#include "base/log.h"
#include "model/ddl.h"

static void log_refusal(const struct pg_outcome *outcome)
{
    if (outcome->status == STATUS_INTERNAL)
        log_error("read_store.refused", log_text("sqlstate", outcome->sqlstate));
}

static void add_uuid(struct pg_values *values, const struct uuid *id)
{
    char text[UUID_TEXT_SIZE];
    uuid_format(id, text);
    pg_values_add_text(values, str_from(text));
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
    add_uuid(&values, id);
    snprintf(sql, sizeof(sql), "select version, body from %s where id = $1::uuid and not deleted",
             collection->table);
    pg_pool_submit(pool, pg_pool_statement(pool, PG_KIND_READ, sql, 1), &values, on_found, search);
}

/* A page */

struct listing {
    read_store_page_fn *done;
    void *arg;
};

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

static void write_where(const struct query *query, struct buf *sql)
{
    buf_append_text(sql, "not deleted");
    for (size_t i = 0; i < query->filter_count; i++)
        buf_printf(sql, " and \"%s\" = $%zu::%s", query->filters[i].field->name, i + 3,
                   ddl_column_type(query->filters[i].field));
}

/* The text depends on which fields are filtered, never on what a client says of them. */
static void write_list(const struct collection *collection, const struct query *query,
                       struct buf *sql)
{
    buf_append_text(sql, "select ");
    if (query->filter_count == 0) {
        buf_printf(sql,
                   "(select total from mamparo.totals where service = '%s' and collection = '%s')",
                   collection->service, collection->name);
    } else {
        buf_printf(sql, "(select count(*) from %s where ", collection->table);
        write_where(query, sql);
        buf_append_char(sql, ')');
    }
    buf_printf(sql, ", coalesce((select string_agg(body, ',') from (select body from %s where ",
               collection->table);
    write_where(query, sql);
    buf_append_text(sql, " order by created_at desc, id desc limit $1::bigint offset $2::bigint) "
                         "page), '')");
}

void read_store_list(struct pg_pool *pool, const struct collection *collection,
                     const struct query *query, read_store_page_fn *done, void *arg)
{
    struct listing *listing = mem_new(1, sizeof(*listing));
    struct pg_values values = {0};
    struct buf sql = {0};
    *listing = (struct listing){done, arg};
    write_list(collection, query, &sql);
    pg_values_add_number(&values, query->page_size);
    pg_values_add_number(&values, (query->page - 1) * query->page_size);
    for (size_t i = 0; i < query->filter_count; i++)
        pg_values_add_text(&values, query->filters[i].value);
    pg_pool_submit(pool, pg_pool_statement(pool, PG_KIND_READ, sql.ptr, values.count), &values,
                   on_page, listing);
    buf_free(&sql);
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
    struct listing *listing = mem_new(1, sizeof(*listing));
    struct pg_values values = {0};
    struct buf name = {0};
    *listing = (struct listing){done, arg};
    add_uuid(&values, wanted->id);
    buf_printf(&name, "%s/%s", collection->service, collection->name);
    pg_values_add_text(&values, buf_str(&name));
    pg_values_add_number(&values, wanted->page_size);
    pg_values_add_number(&values, (wanted->page - 1) * wanted->page_size);
    pg_pool_submit(pool, pg_pool_statement(pool, PG_KIND_READ, history_sql, values.count), &values,
                   on_history, listing);
    buf_free(&name);
}
