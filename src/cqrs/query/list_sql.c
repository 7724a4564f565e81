#include "cqrs/query/list_sql.h"

/* The first parameters of a page; the words of a search, then filters, then a cursor's keys
 * follow. */
enum { LIMIT = 1, OFFSET };

static int search_count(const struct query *query)
{
    return query->search.len > 0;
}

static int filter_number(const struct query *query, int first, size_t filter)
{
    int number = first + search_count(query);
    for (size_t i = 0; i < filter; i++)
        number += query->filters.items[i].op != LOOKUP_NULL;
    return number;
}

static void write_asked(const struct collection *collection, int number, struct buf *sql)
{
    buf_printf(sql, "websearch_to_tsquery('mamparo.%s', $%d::text)", collection->search_language,
               number);
}

/* `first` is the number of the first parameter that it may take. */
static void write_where(const struct collection *collection, const struct query *query, int first,
                        struct buf *sql)
{
    buf_printf(sql, "from %s where not deleted", collection->table);
    if (query->search.len > 0) {
        /* Where only stop words are wanted, it would be all that lack another one. */
        buf_append_text(sql, " and querytree(");
        write_asked(collection, first, sql);
        buf_append_text(sql, ") <> 'T' and " LOOKUP_WORDS " @@ ");
        write_asked(collection, first, sql);
    }
    for (size_t i = 0; i < query->filters.count; i++) {
        buf_append_text(sql, " and ");
        filter_write(&query->filters.items[i], filter_number(query, first, i), sql);
    }
}

static void add_asked(const struct query *query, struct pg_values *values)
{
    if (query->search.len > 0)
        pg_values_add_text(values, query->search);
    for (size_t i = 0; i < query->filters.count; i++)
        if (query->filters.items[i].op != LOOKUP_NULL)
            pg_values_add_text(values, query->filters.items[i].value);
}

static bool is_all(const struct query *query)
{
    return query->filters.count == 0 && query->search.len == 0;
}

/* Where one plan is right for whatever value: the whole list, or a filter that its index has in
 * the list's own order. Others are planned for their values each time, as a kept statement would
 * not always be; and of them clients can make more than a connection could keep. */
static bool is_kept(const struct query *query)
{
    if (query->filters.count == 0)
        return query->search.len == 0 && query->sort.count <= 1;
    return query->search.len == 0 && query->sort.count == 0 && query->filters.count == 1 &&
           query->filters.items[0].op == LOOKUP_EQ;
}

static const struct pg_statement *make_statement(struct pg_pool *pool, const struct query *query,
                                                 struct buf *sql, const struct pg_values *values)
{
    const struct pg_statement *made =
        is_kept(query) ? pg_pool_statement(pool, PG_KIND_READ, sql->ptr, values->count)
                       : pg_pool_statement_once(PG_KIND_READ, sql->ptr, values->count);
    buf_free(sql);
    return made;
}

/* The applier keeps the total of all; of others the index counts. */
static void write_total(const struct collection *collection, const struct query *query,
                        struct buf *sql)
{
    if (is_all(query)) {
        buf_printf(sql,
                   "select total from mamparo.totals where service = '%s' and collection = '%s'",
                   collection->service, collection->name);
        return;
    }
    buf_append_text(sql, "select count(*) ");
    write_where(collection, query, OFFSET + 1, sql);
}

static void write_sorted(const struct collection *collection, const struct query *query,
                         struct buf *sql)
{
    buf_append_text(sql, "select body ");
    write_where(collection, query, OFFSET + 1, sql);
    if (query->has_cursor) {
        buf_append_text(sql, " and ");
        sort_write_behind(&query->sort, filter_number(query, OFFSET + 1, query->filters.count),
                          sql);
    }
    buf_append_text(sql, " order by ");
    sort_write_order(&query->sort, sql);
}

/* The newest that match are ranked, not all of them: a common word would be half of the table. */
static void write_ranked(const struct collection *collection, const struct query *query,
                         struct buf *sql)
{
    buf_append_text(sql,
                    "select body from (select body, created_at, id, ts_rank(" LOOKUP_WORDS ", ");
    write_asked(collection, OFFSET + 1, sql);
    buf_append_text(sql, ") as rank ");
    write_where(collection, query, OFFSET + 1, sql);
    buf_printf(sql,
               " order by created_at desc, id desc limit %d) as newest"
               " order by rank desc, created_at desc, id desc",
               QUERY_RANKED_MAX);
}

static void add_cursor(const struct query *query, struct pg_values *values)
{
    for (size_t i = 0; query->has_cursor && i < query->cursor.count; i++) {
        if (query->cursor.keys[i].ptr == NULL)
            pg_values_add_text_or_null(values, query->cursor.keys[i]);
        else
            pg_values_add_text(values, query->cursor.keys[i]);
    }
}

/* Of a limit that is a parameter PostgreSQL expects a tenth of the table, so that it would plan a
 * kept statement anew each time: one that begins with the first record has a limit of its own. */
static void write_page(const struct collection *collection, const struct query *query,
                       int64_t offset, struct buf *sql)
{
    static const char limits[] = " limit $1::bigint offset $2::bigint";
    buf_append_text(sql, "select total, body from (select (");
    write_total(collection, query, sql);
    buf_append_text(sql, ")) as counted(total) left join (");
    if (query_is_ranked(query))
        write_ranked(collection, query, sql);
    else
        write_sorted(collection, query, sql);
    if (is_kept(query) && offset == 0)
        buf_printf(sql, " limit %d) as page on true%s", QUERY_PAGE_SIZE_MAX + 1, limits);
    else
        buf_printf(sql, "%s) as page on true", limits);
}

const struct pg_statement *list_sql_page(struct pg_pool *pool, const struct collection *collection,
                                         const struct query *query, struct pg_values *values)
{
    struct buf sql = {0};
    int64_t offset = query->has_cursor ? 0 : (query->page - 1) * query->page_size;
    write_page(collection, query, offset, &sql);
    pg_values_add_number(values, query->page_size + 1);
    pg_values_add_number(values, offset);
    add_asked(query, values);
    add_cursor(query, values);
    return make_statement(pool, query, &sql, values);
}

const struct pg_statement *list_sql_stats(struct pg_pool *pool, const struct collection *collection,
                                          const struct query *query, struct pg_values *values)
{
    struct buf sql = {0};
    buf_printf(&sql, "with counted as (select \"%s\" as value, count(*) as count ",
               query->by->name);
    write_where(collection, query, 1, &sql);
    buf_printf(
        &sql,
        " group by 1)\n"
        "select coalesce(sum(count), 0)::bigint, coalesce((select string_agg(\n"
        "    '{\"value\":' || coalesce(to_json(value)::text, 'null') ||\n"
        "    ',\"count\":' || count || '}', ',')\n"
        "  from (select * from counted order by count desc, value limit %d) as largest), '')\n"
        "from counted",
        LIST_SQL_COUNTS_MAX);
    add_asked(query, values);
    return make_statement(pool, query, &sql, values);
}
