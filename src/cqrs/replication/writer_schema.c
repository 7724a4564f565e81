#include "cqrs/replication/writer_schema.h"

#include "model/avro/fingerprint.h"

static struct avro_codec *parse(struct str text)
{
    char mistake[JSON_MISTAKE_SIZE];
    struct json *schema = json_parse(text, mistake);
    struct avro_codec *codec = schema != NULL ? avro_codec_new(schema) : NULL;
    if (schema != NULL)
        json_free(&schema);
    return codec;
}

/* For those who ask this side for the schema that an event names. A failure shows at the next
 * statement of the session. */
static void store(struct pg_session *session, const struct event *event, struct str schema)
{
    static const char sql[] = "insert into mamparo.schemas (fingerprint, service, collection,\n"
                              "  schema) values ($1, $2, $3, $4) on conflict do nothing";
    struct pg_values values = {0};
    pg_values_add_text(&values, event->fingerprint);
    pg_values_add_text(&values, event->service);
    pg_values_add_text(&values, event->collection);
    pg_values_add_text(&values, schema);
    (void)!pg_session_run(session, sql, &values, NULL);
    pg_values_free(&values);
}

/* What is filed under a fingerprint must have it: anybody may write into Redis. */
static struct avro_codec *fetch(struct writer_schemas *schemas, const struct event *event,
                                uint64_t fingerprint)
{
    char text[FINGERPRINT_TEXT_SIZE];
    struct buf key = {0}, service = {0};
    buf_append_str(&service, event->service);
    fingerprint_format(fingerprint, text);
    event_key(service.ptr, "schemas", &key);
    struct str words[] = {STR("HGET"), buf_str(&key), str_from(text)};
    struct redis_reply *reply = redis_conn_command(schemas->redis, words, countof(words));
    struct avro_codec *codec = NULL;
    schemas->is_unanswered = reply == NULL || redis_reply_kind(reply) == REDIS_KIND_ERROR;
    if (redis_reply_kind(reply) == REDIS_KIND_TEXT)
        codec = parse(redis_reply_text(reply));
    if (codec != NULL && avro_codec_fingerprint(codec) != fingerprint)
        avro_codec_free(&codec);
    if (codec != NULL && schemas->session != NULL)
        store(schemas->session, event, redis_reply_text(reply));
    redis_reply_free(&reply);
    buf_free(&key);
    buf_free(&service);
    return codec;
}

static void keep(struct writer_schemas *schemas, uint64_t fingerprint, struct avro_codec *codec)
{
    size_t at = schemas->count++ % WRITER_SCHEMAS_MAX;
    avro_codec_free(&schemas->known[at].codec);
    schemas->known[at].fingerprint = fingerprint;
    schemas->known[at].codec = codec;
}

static const struct avro_codec *find_own(const struct model *model, const struct event *event,
                                         uint64_t fingerprint)
{
    const struct collection *collection =
        model != NULL ? model_find(model, event->service, event->collection) : NULL;
    bool is_own =
        collection != NULL && avro_codec_fingerprint(collection->event_codec) == fingerprint;
    return is_own ? collection->event_codec : NULL;
}

const struct avro_codec *writer_schemas_find(struct writer_schemas *schemas,
                                             const struct event *event, const char **why)
{
    uint64_t fingerprint;
    schemas->is_unanswered = false;
    *why = "its data has no Avro single-object header";
    if (!avro_read_fingerprint(event->data, &fingerprint))
        return NULL;
    const struct avro_codec *own = find_own(schemas->model, event, fingerprint);
    if (own != NULL)
        return own;
    for (size_t i = 0; i < schemas->count && i < WRITER_SCHEMAS_MAX; i++)
        if (schemas->known[i].fingerprint == fingerprint)
            return schemas->known[i].codec;
    struct avro_codec *codec = fetch(schemas, event, fingerprint);
    *why = "its schema is not known here, and nobody has put it beside the stream";
    if (codec != NULL)
        keep(schemas, fingerprint, codec);
    return codec;
}

void writer_schemas_free(struct writer_schemas *schemas)
{
    for (size_t i = 0; i < WRITER_SCHEMAS_MAX; i++)
        avro_codec_free(&schemas->known[i].codec);
    schemas->count = 0;
}

static bool put(struct redis_conn *redis, const struct pg_rows *rows, size_t row)
{
    struct buf key = {0}, service = {0};
    buf_append_str(&service, pg_rows_text(rows, row, 0));
    event_key(service.ptr, "schemas", &key);
    struct str words[] = {STR("HSET"), buf_str(&key), pg_rows_text(rows, row, 1),
                          pg_rows_text(rows, row, 2)};
    struct redis_reply *reply = redis_conn_command(redis, words, countof(words));
    bool is_put = reply != NULL && redis_reply_kind(reply) != REDIS_KIND_ERROR;
    redis_reply_free(&reply);
    buf_free(&key);
    buf_free(&service);
    return is_put;
}

bool writer_schemas_publish(struct pg_session *session, struct redis_conn *redis, struct buf *known)
{
    static const char sql[] = "select service, fingerprint, schema from mamparo.schemas";
    struct pg_outcome outcome;
    if (!pg_session_run(session, sql, NULL, &outcome))
        return false;
    for (size_t row = 0; row < pg_rows_count(outcome.rows); row++) {
        if (!put(redis, outcome.rows, row))
            return false;
        buf_append_str(known, pg_rows_text(outcome.rows, row, 1));
        buf_append_char(known, ' ');
    }
    return true;
}
