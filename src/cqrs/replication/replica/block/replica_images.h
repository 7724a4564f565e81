/* What an event says of its record: the version, and the images before and after. */
#ifndef CQRS_REPLICATION_REPLICA_BLOCK_REPLICA_IMAGES_H
#define CQRS_REPLICATION_REPLICA_BLOCK_REPLICA_IMAGES_H

#include "base/buf.h"
#include "model/avro/avro.h"

/* Zeroed at first; may be read into again and again. */
struct replica_images {
    int64_t version;
    struct str before, after;       /* JSON text, borrowed from `texts`; empty: null */
    const struct avro_codec *codec; /* of who wrote it */
    struct buf texts;
};

/* Reads an event's data, any bytes. False where they are not {version, before, after} of the
 * codec's schema. */
bool replica_images_read(struct replica_images *images, const struct avro_codec *codec,
                         struct str data) must_check;
void replica_images_free(struct replica_images *images);

#endif
