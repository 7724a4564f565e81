#include "cqrs/write/batch_store.h"

#include "base/clock.h"
#include "base/log.h"
#include "cqrs/sql_array.h"
#include "cqrs/write/write_store.h"
#include "model/avro/avro.h"
#include "model/avro/fingerprint.h"
#include "model/ddl.h"

void batch_free(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct batch_item *item = &batch->items[i];
        command_free(&item->command);
        problem_free(&item->problem);
        change_free(&item->change);
        if (item->body != NULL)
            json_free(&item->body);
        command_record_free(&item->record);
    }
    command_free(&batch->shared);
    free(batch->items);
    *batch = (struct batch){0};
}

/* Lifetime: one statement's. */
struct asking {
    const struct batch_means *means;
    struct batch *batch;
    const struct field *field;
    batch_store_done_fn *done;
    void *arg;
};

static struct asking *asking_new(const struct batch_means *means, const struct batch *batch,
                                 batch_store_done_fn *done, void *arg)
{
    struct asking *asking = mem_new(1, sizeof(*asking));
    *asking = (struct asking){means, (struct batch *)(uintptr_t)batch, NULL, done, arg};
    return asking;
}

static void log_refusal(const struct pg_outcome *outcome)
{
    if (outcome->status == STATUS_INTERNAL)
        log_error("batch_store.refused", log_text("sqlstate", outcome->sqlstate));
}

static bool is_refused(const struct batch_item *item)
{
    return problem_is_set(&item->problem);
}

/* Finding */

/* No bodies at all where they are too large together: a thousand records may be a gigabyte. */
static const char find_sql[] =
    "select u.number::bigint - 1, t.version, t.deleted,\n"
    "  case when sum(octet_length(t.body)) over () <= 33554432 then t.body end\n"
    "from unnest($1::uuid[]) with ordinality as u(id, number) join %s t using (id)";

static bool is_wanted(const struct batch_item *item)
{
    return item->command.kind != COMMAND_CREATE && !is_refused(item);
}

static enum record_store_reading take_record(const struct asking *asking,
                                             const struct pg_rows *rows, size_t row)
{
    struct batch *batch = asking->batch;
    size_t at = (size_t)pg_rows_number(rows, row, 0);
    struct record_store_row found = {
        .collection = batch->shared.collection,
        .version = pg_rows_number(rows, row, 1),
        .is_deleted = str_equal(pg_rows_text(rows, row, 2), STR("t")),
        .body = pg_rows_text(rows, row, 3),
    };
    assert(at < batch->count);
    batch->items[at].is_found = true;
    return record_store_read(asking->means->records, &found, &batch->items[at].record);
}

static void on_learned(void *arg, enum status status)
{
    struct asking *asking = arg;
    if (status == STATUS_OK)
        batch_store_find(asking->means, asking->batch, asking->done, asking->arg);
    else
        asking->done(asking->arg, status, NULL);
    free(asking);
}

static void on_found(void *arg, const struct pg_outcome *outcome)
{
    struct asking *asking = arg;
    enum record_store_reading reading = RECORD_STORE_READ;
    enum status status = outcome->status;
    log_refusal(outcome);
    for (size_t row = 0;
         status == STATUS_OK && row < pg_rows_count(outcome->rows) && reading == RECORD_STORE_READ;
         row++)
        reading = take_record(asking, outcome->rows, row);
    if (reading == RECORD_STORE_NEWER) {
        record_store_learn(asking->means->records, asking->batch->shared.collection, on_learned,
                           asking);
        return;
    }
    asking->done(asking->arg, reading == RECORD_STORE_READ ? status : STATUS_INTERNAL, NULL);
    free(asking);
}

static void forget_record(struct batch_item *item)
{
    command_record_free(&item->record);
    item->is_found = false;
}

void batch_store_find(const struct batch_means *means, struct batch *batch,
                      batch_store_done_fn *done, void *arg)
{
    struct buf sql = {0}, ids = {0};
    struct pg_values values = {0};
    for (size_t i = 0; i < batch->count; i++) {
        forget_record(&batch->items[i]);
        /* A null is no id: its place keeps the numbers right. */
        sql_array_add_uuid(&ids, is_wanted(&batch->items[i]) ? &batch->items[i].command.id : NULL);
    }
    buf_printf(&sql, find_sql, batch->shared.collection->table);
    sql_array_bind(&values, &ids);
    pg_pool_submit(means->pool, pg_pool_statement(means->pool, PG_KIND_READ, sql.ptr, 1), &values,
                   on_found, asking_new(means, batch, done, arg));
    buf_free(&sql);
    buf_free(&ids);
}

/* Committing */

/* Rows are locked in the order of their ids, as all batches do, before any is changed. Where one
 * of them is not as it was, the division by zero undoes everything. Events are in the order of the
 * members, so that whoever has applied the last of them has all. */
static const char commit_sql[] =
    "with item as (select * from unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::text[],\n"
    "    $5::boolean[], $6::uuid[], $7::text[], $8::bytea[], $9::text[], $10::bigint[])\n"
    "  as i(id, version, created_at, body, is_new, event, type, data, fingerprint, number)),\n"
    "made as (insert into %s (id, version, created_at, body, deleted)\n"
    "  select id, version, created_at, body, false from item where is_new returning 1),\n"
    "held as (select t.id from %s t join item i using (id)\n"
    "  where not i.is_new and not t.deleted and t.version = i.version - 1\n"
    "  order by t.id for update of t),\n"
    "changed as (update %s t set version = i.version, created_at = i.created_at, body = i.body\n"
    "  from item i where t.id = i.id and t.id in (select id from held) returning 1),\n"
    "stored as (select (select count(*) from made) + (select count(*) from changed) as rows),\n"
    "key as (insert into mamparo.keys (key, request, subject, version, type, body, since)\n"
    "  select $16::text, $17::bytea, '00000000-0000-0000-0000-000000000000', 0, 'batch',\n"
    "    $18::text, $11::timestamptz where $16::text is not null)\n"
    "insert into mamparo.events (id, time, service, collection, type, subject, version,\n"
    "  fingerprint, actor, traceparent, correlation_id, causation_id, data)\n"
    "select event, $11::timestamptz, '%s', '%s', type, id, version, fingerprint, $12::text,\n"
    "  $13::text, $14::text, $15::text, data\n"
    "from item where 1 / (select (rows = $19::bigint)::integer from stored) = 1 order by number";
enum { COMMIT_PARAMETERS = 19 };

static const char division_by_zero[] = "22012", deadlock_detected[] = "40P01";

static void on_committed(void *arg, const struct pg_outcome *outcome)
{
    struct asking *asking = arg;
    enum status status = outcome->status;
    const char *field = NULL;
    struct str state = str_from(outcome->sqlstate);
    /* What a deadlock undid had lost a race too. */
    if (str_equal(state, str_from(division_by_zero)) ||
        str_equal(state, str_from(deadlock_detected)))
        status = STATUS_PRECONDITION_FAILED;
    else
        log_refusal(outcome);
    if (status == STATUS_CONFLICT)
        field = write_store_taken(asking->batch->shared.collection, outcome->constraint);
    asking->done(asking->arg, status, field);
    free(asking);
}

enum { COLUMNS = 10 };

static int by_unique_value(const void *a, const void *b, void *field)
{
    const struct batch_item *const *one = a, *const *other = b;
    struct buf values[2] = {0};
    write_store_unique_value((*one)->body, field, &values[0]);
    write_store_unique_value((*other)->body, field, &values[1]);
    int order = strcmp(values[0].ptr, values[1].ptr);
    buf_free(&values[0]);
    buf_free(&values[1]);
    return order;
}

/* In the order in which they are stored: two batches with the same unique values would wait for
 * each other for ever if they came to them the other way round. */
static const struct batch_item **order_items(const struct batch *batch)
{
    const struct batch_item **ordered = mem_new(batch->count, sizeof(const struct batch_item *));
    const struct field *field = write_store_unique_field(batch->shared.collection, NULL);
    for (size_t i = 0; i < batch->count; i++)
        ordered[i] = &batch->items[i];
    if (field != NULL)
        qsort_r(ordered, batch->count, sizeof(const struct batch_item *), by_unique_value,
                (void *)(uintptr_t)field);
    return ordered;
}

static int64_t add_changes(const struct batch *batch, struct ident_well *idents,
                           struct buf columns[COLUMNS])
{
    int64_t count = 0;
    char fingerprint[FINGERPRINT_TEXT_SIZE];
    const struct batch_item **ordered = order_items(batch);
    for (size_t i = 0; i < batch->count; i++) {
        const struct change *change = &ordered[i]->change;
        if (is_refused(ordered[i]))
            continue;
        struct uuid event = uuid_draw(idents);
        sql_array_add_uuid(&columns[0], &change->id);
        sql_array_add_number(&columns[1], change->version);
        sql_array_add_time(&columns[2], change->created_at);
        sql_array_add(&columns[3], buf_str(&change->body));
        sql_array_add_truth(&columns[4], change->is_new);
        sql_array_add_uuid(&columns[5], &event);
        sql_array_add(&columns[6], str_from(change->type));
        sql_array_add_bytes(&columns[7], buf_str(&change->data));
        fingerprint_format(avro_codec_fingerprint(change->codec), fingerprint);
        sql_array_add(&columns[8], str_from(fingerprint));
        sql_array_add_number(&columns[9], ordered[i] - batch->items);
        count++;
    }
    free(ordered);
    return count;
}

static const struct pg_statement *commit_statement(struct pg_pool *pool,
                                                   const struct collection *collection)
{
    struct buf sql = {0};
    buf_printf(&sql, commit_sql, collection->table, collection->table, collection->table,
               collection->service, collection->name);
    const struct pg_statement *statement =
        pg_pool_statement(pool, PG_KIND_WRITE, sql.ptr, COMMIT_PARAMETERS);
    buf_free(&sql);
    return statement;
}

void batch_store_commit(const struct batch_means *means, const struct batch *batch,
                        struct str answer, batch_store_done_fn *done, void *arg)
{
    const struct command *shared = &batch->shared;
    const struct command_origin *origin = &shared->origin;
    struct buf columns[COLUMNS] = {0};
    struct pg_values values = {.runs_alone = true};
    char now[CLOCK_TEXT_SIZE];
    clock_format(clock_wall_ms(), now);
    int64_t count = add_changes(batch, means->idents, columns);
    sql_array_bind_all(&values, columns, COLUMNS);
    for (size_t i = 0; i < COLUMNS; i++)
        buf_free(&columns[i]);
    pg_values_add_text(&values, str_from(now));
    pg_values_add_text_or_null(&values, origin->actor);
    pg_values_add_text_or_null(&values, origin->traceparent);
    pg_values_add_text_or_null(&values, origin->correlation_id);
    pg_values_add_text_or_null(&values, origin->causation_id);
    pg_values_add_text_or_null(&values, shared->key);
    pg_values_add_bytes(&values, (struct str){(const char *)shared->request, DIGEST_SIZE});
    pg_values_add_text(&values, answer);
    pg_values_add_number(&values, count);
    pg_pool_submit(means->pool, commit_statement(means->pool, shared->collection), &values,
                   on_committed, asking_new(means, batch, done, arg));
}

/* Unique values */

static const char taken_sql[] =
    "select number::bigint - 1 from unnest($1::text[], $2::uuid[]) with ordinality\n"
    "  as wanted(value, id, number)\n"
    "where value is not null and exists (select from %s t\n"
    "  where t.\"%s\" = wanted.value::%s and not t.deleted and t.id <> wanted.id)";

static void on_taken(void *arg, const struct pg_outcome *outcome)
{
    struct asking *asking = arg;
    log_refusal(outcome);
    for (size_t row = 0; outcome->status == STATUS_OK && row < pg_rows_count(outcome->rows);
         row++) {
        size_t at = (size_t)pg_rows_number(outcome->rows, row, 0);
        if (at < asking->batch->count)
            write_store_refuse_taken(&asking->batch->items[at].problem, asking->field->name);
    }
    asking->done(asking->arg, outcome->status, NULL);
    free(asking);
}

static void add_value(struct buf *items, const struct json *body, const struct field *field)
{
    struct buf text = {0};
    bool is_there = write_store_unique_value(body, field, &text);
    sql_array_add(items, is_there ? buf_str(&text) : (struct str){NULL, 0});
    buf_free(&text);
}

void batch_store_find_taken(const struct batch_means *means, struct batch *batch,
                            const struct field *field, batch_store_done_fn *done, void *arg)
{
    struct asking *asking = asking_new(means, batch, done, arg);
    struct buf sql = {0}, wanted = {0}, ids = {0};
    struct pg_values values = {0};
    asking->field = field;
    for (size_t i = 0; i < batch->count; i++) {
        const struct batch_item *item = &batch->items[i];
        if (is_refused(item))
            sql_array_add(&wanted, (struct str){NULL, 0});
        else
            add_value(&wanted, item->body, field);
        sql_array_add_uuid(&ids, &item->command.id);
    }
    buf_printf(&sql, taken_sql, batch->shared.collection->table, field->name,
               ddl_column_type(field));
    sql_array_bind(&values, &wanted);
    sql_array_bind(&values, &ids);
    pg_pool_submit(means->pool, pg_pool_statement(means->pool, PG_KIND_READ, sql.ptr, 2), &values,
                   on_taken, asking);
    buf_free(&sql);
    buf_free(&wanted);
    buf_free(&ids);
}
