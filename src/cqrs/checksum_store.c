#include "cqrs/checksum_store.h"

#include "base/log.h"

/* hashtextextended is PostgreSQL's own, the same on all machines. A field that was added to the
 * model stands where each side put it: in a list, the members' order does not count. What an older
 * server wrote lacks the field on the write side, and on a replica has its default; of a field
 * within a field that is not made up for, and such a record is called different. */
static const char range_sql[] =
    "with few as (select id, version, hashtextextended(concat_ws('|', id, version, deleted,\n"
    "    extract(epoch from created_at), case when not $4::boolean then body\n"
    "    when deleted then body::jsonb::text else ($5::jsonb || body::jsonb)::text\n"
    "    end), 0) as hash\n"
    "  from %s where id >= $1::uuid and id <= $2::uuid order by id limit $3::bigint)\n"
    "select json_build_object('position', %s, 'count', count(*),\n"
    "  'checksum', to_hex(coalesce(bit_xor(hash), 0)), 'last', (array_agg(id order by id "
    "desc))[1],\n"
    "  'records', json_agg(json_build_array(id, version, to_hex(hash)) order by id)\n"
    "    filter (where $4::boolean)) from few";

struct asking {
    checksum_done_fn *done;
    void *arg;
};

static void on_range(void *arg, const struct pg_outcome *outcome)
{
    struct asking *asking = arg;
    if (outcome->status == STATUS_INTERNAL)
        log_error("checksum_store.refused", log_text("sqlstate", outcome->sqlstate));
    asking->done(asking->arg, outcome->status,
                 outcome->status == STATUS_OK ? pg_rows_text(outcome->rows, 0, 0) : STR(""));
    free(asking);
}

/* A replica is whole: what it lacks is a difference. */
static void write_defaults(const struct checksum_range *range, struct buf *out)
{
    const struct collection *collection = range->collection;
    struct json *members = json_make_object();
    for (size_t i = 0; range->side == DDL_SIDE_WRITE && i < collection->field_count; i++)
        if (collection->fields[i].otherwise != NULL)
            json_put(members, collection->fields[i].name,
                     json_share(collection->fields[i].otherwise));
    json_write(members, out);
    json_free(&members);
}

void checksum_store_ask(struct pg_pool *pool, const struct checksum_range *range,
                        checksum_done_fn *done, void *arg)
{
    struct asking *asking = mem_new(1, sizeof(*asking));
    struct pg_values values = {0};
    struct buf sql = {0}, position = {0}, defaults = {0};
    *asking = (struct asking){done, arg};
    if (range->side == DDL_SIDE_WRITE)
        buf_append_text(&position, "(pg_current_wal_lsn() - '0/0'::pg_lsn)::text || '-0'");
    else
        buf_printf(&position, "(select position from mamparo.cursors where service = '%s')",
                   range->collection->service);
    buf_printf(&sql, range_sql, range->collection->table, position.ptr);
    pg_values_add_uuid(&values, &range->from);
    pg_values_add_uuid(&values, &range->upto);
    pg_values_add_number(&values, range->most);
    pg_values_add_truth(&values, range->is_list);
    write_defaults(range, &defaults);
    pg_values_add_text(&values, buf_str(&defaults));
    pg_pool_submit(pool, pg_pool_statement(pool, PG_KIND_READ, sql.ptr, 5), &values, on_range,
                   asking);
    buf_free(&defaults);
    buf_free(&sql);
    buf_free(&position);
}
