/* An event on its ways: as a row of mamparo.events in the write-ahead log (`event_row`), as an
 * entry of a Redis stream (CloudEvents 1.0, binary mode: a stream field per attribute), and as what
 * a replica applies. */
#ifndef CQRS_REPLICATION_EVENT_H
#define CQRS_REPLICATION_EVENT_H

#include "base/buf.h"
#include "cqrs/replication/position.h"
#include "io/redis_conn.h"

/* All texts are borrowed; an absent attribute is empty. */
struct event {
    struct str id, time, service, collection, type, subject;
    struct str fingerprint; /* of the schema of `data`, sixteen hexadecimal digits */
    struct str traceparent, correlation_id, causation_id, actor;
    struct str data; /* Avro, single-object encoding, of {version, before, after} */
};

/* An entry of a stream: the event, and its place in the chain. */
struct event_entry {
    struct event event;
    struct position position, prev; /* prev: of the stream's event before this one */
    struct str epoch;
};

/* Reads one entry as XREAD returns it, [id, [name, value, …]], from which it borrows. False where
 * it is malformed or an attribute that must be there is missing. */
bool event_from_entry(const struct redis_reply *reply, struct event_entry *out) must_check;

/* The words of the XADD that publishes an entry. Without NOMKSTREAM a stream that was lost would
 * silently begin anew. `scratch` holds what the words borrow; returns how many words. */
enum { EVENT_WORDS_MAX = 40 };
size_t event_write_xadd(const struct event_entry *entry, struct buf *scratch,
                        struct str words[EVENT_WORDS_MAX]);

/* "mamparo:{<service>}:<what>": the braces keep a service's keys on one node of a cluster. */
void event_key(const char *service, const char *what, struct buf *out);

#endif
