/* One service's stream, as the relay keeps it. */
#ifndef CQRS_REPLICATION_RELAY_RELAY_STREAM_H
#define CQRS_REPLICATION_RELAY_RELAY_STREAM_H

#include "cqrs/replication/event.h"
#include "cqrs/replication/relay/registry.h"

struct relay_stream {
    const char *service;
    struct position found_top; /* up to here it was published by others: before this term, mostly */
    struct position sent_top;  /* the last id that Redis is known to have taken */
    struct position top;       /* of the last entry that is there or on its way */
    struct position confirmed; /* all replicas have these: they may be missing from the stream */
    struct registry registry;
    int64_t length, bytes; /* as measured last */
};

/* What the streams of a term have in common. */
struct relay_term {
    const char *epoch;
    uint64_t log_end;   /* of the write-ahead log: no entry of ours can be above it */
    const char *spoilt; /* the service whose stream the term before found so; NULL: none */
};

/* Makes the stream ready for events: begins it anew where it is spoilt, or holds another epoch's or
 * somebody else's entries, and finds its top. False when Redis did not do it. */
bool relay_stream_open(struct relay_stream *stream, const char *service, struct redis_conn *redis,
                       const struct relay_term *term, struct position confirmed) must_check;

/* The position that the next entry, at `position`, follows. */
struct position relay_stream_follow(struct relay_stream *stream, struct position position);

enum relay_verdict {
    RELAY_PUBLISHED,
    RELAY_WAS_THERE,   /* its id is not above the top that this term found: published before */
    RELAY_STREAM_LOST, /* NOMKSTREAM answered nil; or an id is in the way that no term had found */
    RELAY_REFUSED,     /* READONLY, OOM, MISCONF, LOADING, NOPERM, WRONGTYPE and their like */
};
enum relay_verdict relay_stream_judge(const struct relay_stream *stream, struct position position,
                                      const struct redis_reply *reply);

/* Whether Redis refused an entry since there is one with that id or a later one. */
bool relay_stream_is_not_above(const struct redis_reply *reply);

/* Whether the entry at `first` is there all the same: a leader that froze and woke may publish for
 * some moments beside its successor, the same entries in the same order. Then the top that was
 * found is the last of them up to `last`. */
bool relay_stream_find(struct relay_stream *stream, struct redis_conn *redis, struct position first,
                       struct position last);

/* Fills in length and bytes. False when Redis gave no answer. */
bool relay_stream_measure(struct relay_stream *stream, struct redis_conn *redis) must_check;

/* Looks whether the stream still has what was sent, hears the replicas, and drops the silent. False
 * when Redis gave no answer, or has lost the stream. */
bool relay_stream_tend(struct relay_stream *stream, struct redis_conn *redis, const char *epoch,
                       msec_t retention) must_check;

/* Takes away what all replicas that were heard have applied. False when Redis did not do it. */
bool relay_stream_trim(const struct relay_stream *stream, struct redis_conn *redis) must_check;

#endif
