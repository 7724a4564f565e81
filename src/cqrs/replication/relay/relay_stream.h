/* One service's stream, as the relay keeps it. */
#ifndef CQRS_REPLICATION_RELAY_RELAY_STREAM_H
#define CQRS_REPLICATION_RELAY_RELAY_STREAM_H

#include "cqrs/replication/event.h"
#include "cqrs/replication/relay/registry.h"

struct relay_stream {
    const char *service;
    struct position found_top; /* of the stream as this term found it */
    struct position sent_top;  /* the last id that Redis is known to have taken */
    struct position top;       /* of the last entry that is there or on its way */
    struct position confirmed; /* all replicas have these: they may be missing from the stream */
    struct registry registry;
    int64_t length, bytes; /* as measured last */
};

/* What the streams of a term have in common. */
struct relay_term {
    const char *epoch;
    uint64_t log_end; /* of the write-ahead log: no entry of ours can be above it */
};

/* Makes the stream ready for events: begins it anew where it holds another epoch's or somebody
 * else's entries, and finds its top. False when Redis did not do it. */
bool relay_stream_open(struct relay_stream *stream, const char *service, struct redis_conn *redis,
                       const struct relay_term *term, struct position confirmed) must_check;

/* The position that the next entry, at `position`, follows. */
struct position relay_stream_follow(struct relay_stream *stream, struct position position);

enum relay_verdict {
    RELAY_PUBLISHED,
    RELAY_WAS_THERE,   /* its id is not above the top that this term found: published before */
    RELAY_STREAM_LOST, /* NOMKSTREAM answered nil; or somebody else's id is in the way */
    RELAY_REFUSED,     /* READONLY, OOM, MISCONF, LOADING, NOPERM, WRONGTYPE and their like */
};
enum relay_verdict relay_stream_judge(const struct relay_stream *stream, struct position position,
                                      const struct redis_reply *reply);

/* Fills in length and bytes. False when Redis gave no answer. */
bool relay_stream_measure(struct relay_stream *stream, struct redis_conn *redis) must_check;

/* Deletes a stream that has an entry which is not ours, so that the next term fills it anew. */
bool relay_stream_discard(const struct relay_stream *stream, struct redis_conn *redis) must_check;

/* Looks whether the stream still has what was sent, hears the replicas, drops the silent, and trims
 * what all have applied. False when Redis gave no answer, or has lost the stream. */
bool relay_stream_tend(struct relay_stream *stream, struct redis_conn *redis, const char *epoch,
                       msec_t retention) must_check;

#endif
