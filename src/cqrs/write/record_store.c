#include "cqrs/write/record_store.h"

#include "base/clock.h"
#include "base/log.h"
#include "model/avro/avro.h"
#include "model/avro/expand.h"
#include "model/avro/fingerprint.h"
#include "model/image_version.h"

enum { VERSIONS_MAX = 64, LEARN_AGAIN_MS = 50 };

/* One collection, and what is known of other versions of its model. */
struct shelf {
    const struct collection *collection;
    const struct pg_statement *find;
    struct json *schema; /* of its own version, its names expanded */
    const struct json *own;
    struct version {
        struct json *schema; /* its names expanded */
        const struct json *type;
        struct avro_codec *codec;
    } versions[VERSIONS_MAX]; /* the newest first */
    size_t version_count;
    msec_t learned_at; /* 0: never */
};

struct record_store {
    struct pg_pool *pool;
    const struct pg_statement *find_schemas;
    struct shelf *shelves;
    size_t shelf_count;
};

static const char schemas_sql[] =
    "select schema from mamparo.schemas where service = $1 and collection = $2\n"
    "  and since > (select since from mamparo.schemas where fingerprint = $3)\n"
    "order by since desc limit 64";
static const char find_sql[] = "select version, deleted, body from %s where id = $1::uuid";

static void fill_shelf(struct record_store *store, struct shelf *shelf,
                       const struct collection *collection)
{
    struct buf sql = {0};
    buf_printf(&sql, find_sql, collection->table);
    shelf->collection = collection;
    shelf->schema = expand_names(collection->event_schema);
    shelf->own = image_version_record(shelf->schema);
    shelf->find = pg_pool_statement(store->pool, PG_KIND_READ, sql.ptr, 1);
    buf_free(&sql);
}

struct record_store *record_store_new(struct pg_pool *pool, const struct model *model)
{
    struct record_store *store = mem_new(1, sizeof(*store));
    store->pool = pool;
    store->find_schemas = pg_pool_statement(pool, PG_KIND_READ, schemas_sql, 3);
    for (size_t s = 0; s < model->service_count; s++)
        store->shelf_count += model->services[s].collection_count;
    store->shelves = mem_new(store->shelf_count, sizeof(struct shelf));
    struct shelf *next = store->shelves;
    for (size_t s = 0; s < model->service_count; s++)
        for (size_t c = 0; c < model->services[s].collection_count; c++)
            fill_shelf(store, next++, model->services[s].collections[c]);
    return store;
}

static struct shelf *shelf_of(const struct record_store *store, const struct collection *collection)
{
    size_t i = 0;
    while (store->shelves[i].collection != collection)
        assert(++i < store->shelf_count);
    return &store->shelves[i];
}

static void log_refusal(const struct pg_outcome *outcome)
{
    if (outcome->status == STATUS_INTERNAL)
        log_error("record_store.refused", log_text("sqlstate", outcome->sqlstate));
}

struct search {
    struct record_store *store;
    const struct collection *collection;
    struct uuid id;
    record_store_found_fn *done;
    void *arg;
};

static const struct version *find_version(const struct shelf *shelf, const struct json *stored)
{
    for (size_t i = 0; i < shelf->version_count; i++)
        if (image_version_knows(shelf->versions[i].type, stored))
            return &shelf->versions[i];
    return NULL;
}

static bool may_learn(const struct shelf *shelf)
{
    return shelf->learned_at == 0 || clock_monotonic() >= shelf->learned_at + LEARN_AGAIN_MS;
}

/* While a newer version of the model is rolled out it has fields that this program does not know:
 * its schema tells the whole of it. */
static enum record_store_reading read_newer(const struct shelf *shelf, const struct json *stored,
                                            struct command_record *out)
{
    const struct version *version = find_version(shelf, stored);
    if (version == NULL)
        return may_learn(shelf) ? RECORD_STORE_NEWER : RECORD_STORE_READ;
    out->stored = image_version_carry(version->type, stored, (struct image_both){NULL, NULL});
    out->type = version->type;
    out->codec = out->stored != NULL ? version->codec : NULL;
    return RECORD_STORE_READ;
}

/* It may have been written before its schema got another field. A field that no newer version has
 * is one that was taken out of the model: it goes. */
enum record_store_reading record_store_read(struct record_store *store,
                                            const struct record_store_row *row,
                                            struct command_record *out)
{
    char mistake[JSON_MISTAKE_SIZE];
    enum record_store_reading reading = RECORD_STORE_READ;
    const struct shelf *shelf = shelf_of(store, row->collection);
    *out = (struct command_record){.version = row->version, .is_deleted = row->is_deleted};
    if (row->is_deleted)
        return RECORD_STORE_READ;
    struct json *stored = json_parse(row->body, mistake);
    if (stored == NULL)
        return RECORD_STORE_UNREADABLE;
    out->image = image_resolve(row->collection, stored);
    if (out->image == NULL)
        reading = RECORD_STORE_UNREADABLE;
    else if (!image_version_knows(shelf->own, stored))
        reading = read_newer(shelf, stored, out);
    if (reading != RECORD_STORE_READ)
        command_record_free(out);
    json_free(&stored);
    return reading;
}

static void on_learned(void *arg, enum status status);

static void on_found(void *arg, const struct pg_outcome *outcome)
{
    struct search *search = arg;
    struct command_record record = {0};
    enum record_store_reading reading = RECORD_STORE_READ;
    enum status status = outcome->status;
    log_refusal(outcome);
    if (status == STATUS_OK && pg_rows_count(outcome->rows) == 0)
        status = STATUS_NOT_FOUND;
    else if (status == STATUS_OK)
        reading = record_store_read(
            search->store,
            &(struct record_store_row){
                .collection = search->collection,
                .version = pg_rows_number(outcome->rows, 0, 0),
                .is_deleted = str_equal(pg_rows_text(outcome->rows, 0, 1), STR("t")),
                .body = pg_rows_text(outcome->rows, 0, 2),
            },
            &record);
    if (reading == RECORD_STORE_NEWER) {
        record_store_learn(search->store, search->collection, on_learned, search);
        return;
    }
    if (reading == RECORD_STORE_UNREADABLE)
        status = STATUS_INTERNAL;
    search->done(search->arg, status, status == STATUS_OK ? &record : NULL);
    command_record_free(&record);
    free(search);
}

static void find(struct search *search)
{
    struct pg_values values = {0};
    pg_values_add_uuid(&values, &search->id);
    pg_pool_submit(search->store->pool, shelf_of(search->store, search->collection)->find, &values,
                   on_found, search);
}

void record_store_find(struct record_store *store, const struct collection *collection,
                       const struct uuid *id, record_store_found_fn *done, void *arg)
{
    struct search *search = mem_new(1, sizeof(*search));
    *search = (struct search){store, collection, *id, done, arg};
    find(search);
}

/* Other versions of a model */

struct lesson {
    struct shelf *shelf;
    record_store_learned_fn *done;
    void *arg;
};

static void on_learned(void *arg, enum status status)
{
    struct search *search = arg;
    if (status == STATUS_OK) {
        find(search);
        return;
    }
    search->done(search->arg, status, NULL);
    free(search);
}

static bool knows_version(const struct shelf *shelf, uint64_t fingerprint)
{
    for (size_t i = 0; i < shelf->version_count; i++)
        if (avro_codec_fingerprint(shelf->versions[i].codec) == fingerprint)
            return true;
    return false;
}

static void add_version(struct shelf *shelf, struct str text)
{
    char mistake[JSON_MISTAKE_SIZE];
    struct json *schema = json_parse(text, mistake);
    struct version version = {0};
    if (schema != NULL) {
        version.codec = avro_codec_new(schema);
        version.schema = expand_names(schema);
        version.type = image_version_record(version.schema);
        json_free(&schema);
    }
    if (version.codec != NULL && version.type != NULL && shelf->version_count < VERSIONS_MAX &&
        !knows_version(shelf, avro_codec_fingerprint(version.codec))) {
        shelf->versions[shelf->version_count++] = version;
        return;
    }
    avro_codec_free(&version.codec);
    if (version.schema != NULL)
        json_free(&version.schema);
}

static void on_schemas(void *arg, const struct pg_outcome *outcome)
{
    struct lesson *lesson = arg;
    log_refusal(outcome);
    for (size_t row = 0; outcome->status == STATUS_OK && row < pg_rows_count(outcome->rows); row++)
        add_version(lesson->shelf, pg_rows_text(outcome->rows, row, 0));
    lesson->shelf->learned_at = clock_monotonic();
    lesson->done(lesson->arg, outcome->status);
    free(lesson);
}

void record_store_learn(struct record_store *store, const struct collection *collection,
                        record_store_learned_fn *done, void *arg)
{
    struct lesson *lesson = mem_new(1, sizeof(*lesson));
    struct pg_values values = {0};
    char own[FINGERPRINT_TEXT_SIZE];
    *lesson = (struct lesson){shelf_of(store, collection), done, arg};
    pg_values_add_text(&values, str_from(collection->service));
    pg_values_add_text(&values, str_from(collection->name));
    fingerprint_format(avro_codec_fingerprint(collection->event_codec), own);
    pg_values_add_text(&values, str_from(own));
    pg_pool_submit(store->pool, store->find_schemas, &values, on_schemas, lesson);
}
