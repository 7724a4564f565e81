/* The schemas that events were written with, by fingerprint: while versions of a model are rolled
 * out, and for events from before, they are not the ones that this process has. The relay puts
 * them beside the stream, in the hash mamparo:{<service>}:schemas. */
#ifndef CQRS_REPLICATION_WRITER_SCHEMA_H
#define CQRS_REPLICATION_WRITER_SCHEMA_H

#include "cqrs/replication/event.h"
#include "io/pg/pg_session.h"
#include "model/avro/avro.h"
#include "model/model.h"

enum { WRITER_SCHEMAS_MAX = 64 };

/* Set what is borrowed, leave the rest zeroed; free it once. */
struct writer_schemas {
    const struct model *model;  /* whose own schemas need no looking up; may be NULL */
    struct redis_conn *redis;   /* where an unknown one is looked up */
    struct pg_session *session; /* where one that was looked up is kept; may be NULL */
    struct {
        uint64_t fingerprint;
        struct avro_codec *codec;
    } known[WRITER_SCHEMAS_MAX];
    size_t count;
    bool is_unanswered; /* Redis did not say, when one was looked up last, whether it has it */
};

/* The codec that reads the event's data, which lives until the next call. NULL with a sentence in
 * `why` while nobody has put the schema there. */
const struct avro_codec *writer_schemas_find(struct writer_schemas *schemas,
                                             const struct event *event, const char **why);

void writer_schemas_free(struct writer_schemas *schemas);

/* Puts all schemas that the write database has beside their streams, and appends their
 * fingerprints to `known`. False when one of the two did not answer. */
bool writer_schemas_publish(struct pg_session *session, struct redis_conn *redis,
                            struct buf *known) must_check;

#endif
