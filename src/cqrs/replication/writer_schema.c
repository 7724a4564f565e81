#include "cqrs/replication/writer_schema.h"

#include "cqrs/replication/event.h"
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

/* What is filed under a fingerprint must have it: anybody may write into Redis. */
static struct avro_codec *fetch(struct redis_conn *redis, const char *service, uint64_t fingerprint)
{
    char text[FINGERPRINT_TEXT_SIZE];
    struct buf key = {0};
    fingerprint_format(fingerprint, text);
    event_key(service, "schemas", &key);
    struct str words[] = {STR("HGET"), buf_str(&key), str_from(text)};
    struct redis_reply *reply = redis_conn_command(redis, words, countof(words));
    struct avro_codec *codec = NULL;
    if (redis_reply_kind(reply) == REDIS_KIND_TEXT)
        codec = parse(redis_reply_text(reply));
    if (codec != NULL && avro_codec_fingerprint(codec) != fingerprint)
        avro_codec_free(&codec);
    redis_reply_free(&reply);
    buf_free(&key);
    return codec;
}

static void keep(struct writer_schemas *schemas, uint64_t fingerprint, struct avro_codec *codec)
{
    size_t at = schemas->count++ % WRITER_SCHEMAS_MAX;
    avro_codec_free(&schemas->known[at].codec);
    schemas->known[at].fingerprint = fingerprint;
    schemas->known[at].codec = codec;
}

const struct avro_codec *writer_schemas_find(struct writer_schemas *schemas,
                                             const struct collection *collection, struct str data,
                                             const char **why)
{
    uint64_t fingerprint;
    *why = "its data has no Avro single-object header";
    if (!avro_read_fingerprint(data, &fingerprint))
        return NULL;
    if (fingerprint == avro_codec_fingerprint(collection->event_codec))
        return collection->event_codec;
    for (size_t i = 0; i < schemas->count && i < WRITER_SCHEMAS_MAX; i++)
        if (schemas->known[i].fingerprint == fingerprint)
            return schemas->known[i].codec;
    struct avro_codec *codec = fetch(schemas->redis, collection->service, fingerprint);
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
