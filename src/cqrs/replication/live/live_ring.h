/* The latest events of a service, rendered once for all who follow them, up to a number and a size.
 * A follower is a place in here and nothing more: what it has yet to be sent costs it no memory,
 * and one that falls out at the old end has been too slow.
 *
 *   floor │ seen by followers … │ not applied here yet … │ ← push
 *
 * Not safe among threads by itself (live_feed is); events are, once they are made. */
#ifndef CQRS_REPLICATION_LIVE_LIVE_RING_H
#define CQRS_REPLICATION_LIVE_LIVE_RING_H

#include <stdatomic.h>

#include "base/buf.h"
#include "cqrs/replication/position.h"
#include "model/model.h"

enum live_kind { LIVE_CREATED, LIVE_UPDATED, LIVE_DELETED, LIVE_KIND_COUNT };
extern const char *const live_kinds[LIVE_KIND_COUNT]; /* as types end: "created" */

/* Lifetime: as long as somebody holds it. */
struct live_event {
    atomic_uint holders;
    struct position position;
    size_t collection; /* its place in the service */
    enum live_kind kind;
    size_t len;
    char text[]; /* as it is sent */
};

/* Held once, by the caller. `text` is copied. */
struct live_event *live_event_new(struct position position, size_t collection, enum live_kind kind,
                                  struct str text);
void live_event_hold(struct live_event *event);
void live_event_release(struct live_event *event);

/* Which events a follower wants: a bit for each kind, by the collection's place. */
struct live_filter {
    unsigned char *kinds; /* NULL: all events */
};

/* What one write is made of: at most so many events, and no further one behind 64 KiB. Whoever
 * takes it holds them. */
enum { LIVE_BATCH_MAX = 64, LIVE_BATCH_BYTES = 65536 };
struct live_batch {
    struct live_event *events[LIVE_BATCH_MAX];
    size_t count;
};

struct live_ring {
    struct live_event **events; /* circular */
    size_t capacity, first, count;
    size_t seen; /* so many, from the first, may be seen */
    size_t bytes, bytes_max, unseen_bytes;
    struct position floor; /* everything behind it is here */
};

/* For at most so many events, and bytes of them but for a single larger one. */
void live_ring_init(struct live_ring *ring, size_t capacity, size_t bytes_max);

/* Empty; what comes next follows `floor`. */
void live_ring_restart(struct live_ring *ring, struct position floor);

/* May another one come? No, while those not seen take half of it. */
bool live_ring_has_room(const struct live_ring *ring);

/* Takes the event over, which comes behind all others, where there is room. Older ones that were
 * seen make way. */
void live_ring_push(struct live_ring *ring, struct live_event *event);

/* Up to there everything may be seen. True when that is more than before. */
bool live_ring_show(struct live_ring *ring, struct position applied);

/* Is everything behind this place here, or yet to come? */
bool live_ring_has(const struct live_ring *ring, struct position after);

/* What comes next behind `after` and is wanted. Moves `after` to the last that was looked at. */
void live_ring_take(const struct live_ring *ring, struct position *after,
                    const struct live_filter *filter, struct live_batch *out);

#endif
