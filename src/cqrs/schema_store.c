#include "cqrs/schema_store.h"

static const char find_sql[] = "select schema from mamparo.schemas where fingerprint = $1::text";

struct search {
    schema_store_found_fn *done;
    void *arg;
};

static void on_found(void *arg, const struct pg_outcome *outcome)
{
    struct search *search = arg;
    enum status status = outcome->status;
    if (status == STATUS_OK && pg_rows_count(outcome->rows) == 0)
        status = STATUS_NOT_FOUND;
    search->done(search->arg, status,
                 status == STATUS_OK ? pg_rows_text(outcome->rows, 0, 0) : STR(""));
    free(search);
}

void schema_store_find(struct pg_pool *pool, struct str fingerprint, schema_store_found_fn *done,
                       void *arg)
{
    struct search *search = mem_new(1, sizeof(*search));
    struct pg_values values = {0};
    *search = (struct search){done, arg};
    pg_values_add_text(&values, fingerprint);
    pg_pool_submit(pool, pg_pool_statement(pool, PG_KIND_READ, find_sql, 1), &values, on_found,
                   search);
}
