/* An event as people and browsers read it: CloudEvents 1.0 in structured mode, one line of JSON. */
#ifndef CQRS_REPLICATION_EVENT_JSON_H
#define CQRS_REPLICATION_EVENT_JSON_H

#include "cqrs/replication/writer_schema.h"

/* Appends the object, with the entry's position, prev and epoch as further attributes. Where its
 * data cannot be read, `data` is null, and the sentence that is returned says why; else NULL. */
const char *event_json_write(const struct event_entry *entry, struct writer_schemas *schemas,
                             struct buf *out);

#endif
