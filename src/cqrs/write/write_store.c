#include "cqrs/write/write_store.h"

#include "base/log.h"
#include "model/avro/avro.h"
#include "model/avro/fingerprint.h"

/* The statements of one collection. */
struct shelf {
    const struct collection *collection;
    const struct pg_statement *insert, *update;
};

struct write_store {
    struct pg_pool *pool;
    struct ident_well idents;
    const struct pg_statement *find_key;
    struct shelf *shelves;
    size_t shelf_count;
};

/* All but body and data of a change without long headers: memory is asked for once. */
enum { CHANGE_PARAMETERS = 16, OTHERS_BYTES = 400 };

const char write_store_key[] = "Idempotency-Key";

/* $1 id, $2 version, $3 created_at, $4 body, $5 deleted, $6 event id, $7 time, $8 type,
 * $9 fingerprint, $10 actor, $11 traceparent, $12 correlation, $13 causation, $14 data, $15 key,
 * $16 request: the same for both, so that a change is bound in one way. A key that is taken fails
 * the statement, and with it the row and the event. */
static const char insert_sql[] =
    "with row as (\n"
    "  insert into %s (id, version, created_at, body, deleted)\n"
    "  values ($1::uuid, $2::bigint, $3::timestamptz, $4::text, $5::boolean)\n"
    "  on conflict (id) do nothing returning 1)";
static const char update_sql[] =
    "with row as (\n"
    "  update %s set version = $2::bigint, created_at = $3::timestamptz, body = $4::text,\n"
    "    deleted = $5::boolean\n"
    "  where id = $1::uuid and version = $2::bigint - 1 and not deleted returning 1)";
/* As many of them. A record that is there already fails all of them, and each is told apart when
 * it runs by itself. */
static const char insert_many_sql[] =
    "with row as (\n"
    "  insert into %s (id, version, created_at, body, deleted)\n"
    "  select unnest($1::uuid[]), unnest($2::bigint[]), unnest($3::timestamptz[]),\n"
    "    unnest($4::text[]), unnest($5::boolean[])), key as (\n"
    "  insert into mamparo.keys (key, request, subject, version, type, body, since)\n"
    "  select * from (select unnest($15::text[]) as key, unnest($16::bytea[]), "
    "unnest($1::uuid[]),\n"
    "    unnest($2::bigint[]), unnest($8::text[]), unnest($4::text[]),\n"
    "    unnest($7::timestamptz[])) as k where key is not null)\n"
    "insert into mamparo.events (id, time, service, collection, type, subject, version,\n"
    "  fingerprint, actor, traceparent, correlation_id, causation_id, data)\n"
    "select unnest($6::uuid[]), unnest($7::timestamptz[]), '%s', '%s', unnest($8::text[]),\n"
    "  unnest($1::uuid[]), unnest($2::bigint[]), unnest($9::text[]), unnest($10::text[]),\n"
    "  unnest($11::text[]), unnest($12::text[]), unnest($13::text[]), unnest($14::bytea[])";
static const char event_sql[] =
    ", key as (\n"
    "  insert into mamparo.keys (key, request, subject, version, type, body, since)\n"
    "  select $15::text, $16::bytea, $1::uuid, $2::bigint, $8::text, $4::text, $7::timestamptz\n"
    "  from row where $15::text is not null)\n"
    "insert into mamparo.events (id, time, service, collection, type, subject, version,\n"
    "  fingerprint, actor, traceparent, correlation_id, causation_id, data)\n"
    "select $6::uuid, $7::timestamptz, '%s', '%s', $8::text, $1::uuid, $2::bigint, $9::text,\n"
    "  $10::text, $11::text, $12::text, $13::text, $14::bytea from row";
static const char key_sql[] = "select request = $2::bytea, subject, version, type, body from "
                              "mamparo.keys where key = $1::text";

static void fill_shelf(struct write_store *store, struct shelf *shelf,
                       const struct collection *collection)
{
    const char *service = collection->service, *name = collection->name;
    struct buf insert = {0}, insert_many = {0}, update = {0};
    buf_printf(&insert, insert_sql, collection->table);
    buf_printf(&insert, event_sql, service, name);
    buf_printf(&insert_many, insert_many_sql, collection->table, service, name);
    buf_printf(&update, update_sql, collection->table);
    buf_printf(&update, event_sql, service, name);
    shelf->collection = collection;
    shelf->insert =
        pg_pool_statement_many(store->pool, insert.ptr, insert_many.ptr, CHANGE_PARAMETERS);
    shelf->update = pg_pool_statement(store->pool, PG_KIND_WRITE, update.ptr, CHANGE_PARAMETERS);
    buf_free(&insert);
    buf_free(&insert_many);
    buf_free(&update);
}

struct write_store *write_store_new(struct pg_pool *pool, const struct model *model)
{
    struct write_store *store = mem_new(1, sizeof(*store));
    store->pool = pool;
    store->find_key = pg_pool_statement(pool, PG_KIND_READ, key_sql, 2);
    for (size_t s = 0; s < model->service_count; s++)
        store->shelf_count += model->services[s].collection_count;
    store->shelves = mem_new(store->shelf_count, sizeof(struct shelf));
    struct shelf *next = store->shelves;
    for (size_t s = 0; s < model->service_count; s++)
        for (size_t c = 0; c < model->services[s].collection_count; c++)
            fill_shelf(store, next++, model->services[s].collections[c]);
    return store;
}

struct loop *write_store_loop(const struct write_store *store)
{
    return pg_pool_loop(store->pool);
}

static struct shelf *shelf_of(const struct write_store *store, const struct collection *collection)
{
    size_t i = 0;
    while (store->shelves[i].collection != collection)
        assert(++i < store->shelf_count);
    return &store->shelves[i];
}

static void log_refusal(const struct pg_outcome *outcome)
{
    if (outcome->status == STATUS_INTERNAL)
        log_error("write_store.refused", log_text("sqlstate", outcome->sqlstate));
}

/* Committing */

struct commit {
    const struct collection *collection;
    write_store_done_fn *done;
    void *arg;
};

const struct field *write_store_unique_field(const struct collection *collection,
                                             const struct field *after)
{
    size_t i = after == NULL ? 0 : (size_t)(after - collection->fields) + 1;
    while (i < collection->field_count && !collection->fields[i].is_unique)
        i++;
    return i < collection->field_count ? &collection->fields[i] : NULL;
}

bool write_store_unique_value(const struct json *body, const struct field *field, struct buf *out)
{
    const struct json *value = body != NULL ? json_find(body, field->name) : NULL;
    bool is_there = value != NULL && json_kind(value) != JSON_KIND_NULL;
    buf_append_text(out, ""); /* even nothing has a text */
    if (is_there && json_kind(value) == JSON_KIND_STRING)
        buf_append_str(out, json_text(value));
    else if (is_there)
        json_write(value, out);
    return is_there;
}

void write_store_refuse_taken(struct problem *problem, const char *field)
{
    struct buf pointer = {0};
    problem_set(problem, STATUS_CONFLICT, "another record has the same %s", field);
    buf_printf(&pointer, "/%s", field);
    problem_at_pointer(problem, buf_str(&pointer), "another record has the same");
    buf_free(&pointer);
}

/* Unique indexes are named <collection>.<field>.unique. */
const char *write_store_taken(const struct collection *collection, const char *constraint)
{
    struct buf name = {0};
    const char *found = NULL;
    if (constraint != NULL && strcmp(constraint, "keys_pkey") == 0)
        return write_store_key;
    for (size_t i = 0; constraint != NULL && i < collection->field_count && found == NULL; i++) {
        buf_reset(&name);
        buf_printf(&name, "%s.%s.unique", collection->name, collection->fields[i].name);
        if (strcmp(name.ptr, constraint) == 0)
            found = collection->fields[i].name;
    }
    buf_free(&name);
    return found;
}

static struct str request_of(const struct command *command)
{
    return (struct str){(const char *)command->request, sizeof(command->request)};
}

static void on_committed(void *arg, const struct pg_outcome *outcome)
{
    struct commit *commit = arg;
    enum status status = outcome->status;
    log_refusal(outcome);
    if (status == STATUS_OK && pg_rows_affected(outcome->rows) == 0)
        status = STATUS_PRECONDITION_FAILED;
    commit->done(commit->arg, status, write_store_taken(commit->collection, outcome->constraint));
    free(commit);
}

void write_store_commit(struct write_store *store, const struct change *change,
                        const struct command *command, write_store_done_fn *done, void *arg)
{
    const struct command_origin *origin = &command->origin;
    const struct shelf *shelf = shelf_of(store, change->collection);
    char fingerprint[FINGERPRINT_TEXT_SIZE];
    struct commit *commit = mem_room(sizeof(*commit));
    struct pg_values values = {0};
    struct uuid event_id = uuid_draw(&store->idents);
    *commit = (struct commit){change->collection, done, arg};
    buf_reserve(&values.bytes, change->body.len + change->data.len + OTHERS_BYTES);
    pg_values_lock(&values, &change->id);
    pg_values_add_uuid(&values, &change->id);
    pg_values_add_number(&values, change->version);
    pg_values_add_time(&values, change->created_at);
    pg_values_add_text(&values, buf_str(&change->body));
    pg_values_add_truth(&values, change->is_deleted);
    pg_values_add_uuid(&values, &event_id);
    pg_values_add_time(&values, change->changed_at);
    pg_values_add_text(&values, str_from(change->type));
    fingerprint_format(avro_codec_fingerprint(change->codec), fingerprint);
    pg_values_add_text(&values, str_from(fingerprint));
    pg_values_add_text_or_null(&values, origin->actor);
    pg_values_add_text_or_null(&values, origin->traceparent);
    pg_values_add_text_or_null(&values, origin->correlation_id);
    pg_values_add_text_or_null(&values, origin->causation_id);
    pg_values_add_bytes(&values, buf_str(&change->data));
    pg_values_add_text_or_null(&values, command->key);
    pg_values_add_bytes(&values, request_of(command));
    pg_pool_submit(store->pool, change->is_new ? shelf->insert : shelf->update, &values,
                   on_committed, commit);
}

/* Keys */

struct key_search {
    const struct collection *collection;
    write_store_key_fn *done;
    void *arg;
};

static bool read_first(const struct collection *collection, const struct pg_rows *rows,
                       struct change *first)
{
    struct str type = pg_rows_text(rows, 0, 3);
    *first = (struct change){.collection = collection,
                             .version = pg_rows_number(rows, 0, 2),
                             .is_new = str_ends_with(type, STR(".created")),
                             .is_deleted = str_ends_with(type, STR(".deleted"))};
    buf_append_str(&first->body, pg_rows_text(rows, 0, 4));
    return uuid_parse(pg_rows_text(rows, 0, 1), &first->id);
}

static void on_key(void *arg, const struct pg_outcome *outcome)
{
    struct key_search *search = arg;
    struct change first = {0};
    enum status status = outcome->status;
    log_refusal(outcome);
    if (status == STATUS_OK && pg_rows_count(outcome->rows) == 0)
        status = STATUS_NOT_FOUND;
    else if (status == STATUS_OK && !str_equal(pg_rows_text(outcome->rows, 0, 0), STR("t")))
        status = STATUS_KEY_REUSED;
    else if (status == STATUS_OK && !read_first(search->collection, outcome->rows, &first))
        status = STATUS_INTERNAL;
    search->done(search->arg, status, &first);
    change_free(&first);
    free(search);
}

void write_store_find_key(struct write_store *store, const struct command *command,
                          write_store_key_fn *done, void *arg)
{
    struct key_search *search = mem_new(1, sizeof(*search));
    struct pg_values values = {0};
    *search = (struct key_search){command->collection, done, arg};
    pg_values_add_text(&values, command->key);
    pg_values_add_bytes(&values, request_of(command));
    pg_pool_submit(store->pool, store->find_key, &values, on_key, search);
}
