#include "cqrs/applied_store.h"

#include "base/log.h"

struct glance {
    applied_store_done_fn *done;
    void *arg;
};

static void on_looked(void *arg, const struct pg_outcome *outcome)
{
    struct glance *glance = arg;
    enum status status = outcome->status;
    if (status == STATUS_INTERNAL)
        log_error("applied_store.refused", log_text("sqlstate", outcome->sqlstate));
    if (status == STATUS_OK && pg_rows_count(outcome->rows) == 0)
        status = STATUS_TOO_STALE;
    glance->done(glance->arg, status);
    free(glance);
}

/* A replica that is being filled has its records in the order of their ids: one of them says
 * nothing of the others. */
static const char look_sql[] = "select 1 from %s where id = $1::uuid and version >= $2::bigint\n"
                               "  and exists (select from mamparo.cursors where service = '%s')\n"
                               "  and not exists (select from mamparo.fills where service = '%s')";

void applied_store_look(struct pg_pool *pool, const struct read_token *token,
                        applied_store_done_fn *done, void *arg)
{
    const struct collection *collection = token->collection;
    struct glance *glance = mem_new(1, sizeof(*glance));
    struct pg_values values = {0};
    struct buf sql = {0};
    *glance = (struct glance){done, arg};
    pg_values_add_uuid(&values, &token->id);
    pg_values_add_number(&values, token->version);
    buf_printf(&sql, look_sql, collection->table, collection->service, collection->service);
    pg_pool_submit(pool, pg_pool_statement(pool, PG_KIND_READ, sql.ptr, values.count), &values,
                   on_looked, glance);
    buf_free(&sql);
}
