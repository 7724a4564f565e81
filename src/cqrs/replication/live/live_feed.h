/* The live events of a service, for everyone in the process who follows them. A thread of its own
 * reads the stream, renders each event once, and shows it as soon as this replica's database has
 * applied it: whoever then reads there finds it.
 *
 *   stream → render → ring → (cursor of the database) → seen → on_news of each loop → take
 *
 * What followers are behind is kept in the ring alone (live_ring). The ring begins anew, and each
 * of them is told, when the chain of events broke or the epoch is another. */
#ifndef CQRS_REPLICATION_LIVE_LIVE_FEED_H
#define CQRS_REPLICATION_LIVE_LIVE_FEED_H

#include "base/list.h"
#include "cqrs/replication/live/live_id.h"
#include "cqrs/replication/live/live_ring.h"
#include "io/loop.h"

struct live_feed_options {
    const struct model *model;
    const char *database_url, *redis_url;
    size_t bytes_max; /* of the ring */
    atomic_bool *is_migrated;
};

struct live_feed;

/* Made before any loop runs, started with the other threads. It has nothing that must last, so it
 * ends with the process. */
struct live_feed *live_feed_new(const struct live_feed_options *options,
                                const struct service *service);
void live_feed_start(struct live_feed *feed);

/* One loop's ear. Zeroed but for `loop` and `on_news`, which is called in that loop; for as long as
 * the process lives. */
struct live_listener {
    struct loop *loop;
    void (*on_news)(struct live_listener *listener);
    atomic_bool is_told; /* and has not listened yet */
    struct list link;
};
void live_feed_listen(struct live_feed *feed, struct live_listener *listener);

/* Where a follower is. */
struct live_place {
    struct position after;
    unsigned term; /* the ring's, by how often it began anew */
};

/* The line of that place's id; nothing once the ring has begun anew. */
void live_feed_write_id(struct live_feed *feed, const struct live_place *place, struct buf *out);

enum live_finding {
    LIVE_FOUND,
    LIVE_UNKNOWN, /* what came after is no longer here, or there never was such a place */
    LIVE_STARTING,
};

/* The place behind the event of that id; empty: behind everything that can be read now, and so it
 * is where it is UNKNOWN. */
enum live_finding live_feed_find(struct live_feed *feed, struct str id, struct live_place *out);

/* As live_ring_take. LIVE_UNKNOWN where it fell out of the ring, or the ring has begun anew. */
enum live_finding live_feed_take(struct live_feed *feed, struct live_place *place,
                                 const struct live_filter *filter, struct live_batch *out);

/* Has the ring begun anew since? Then falling out of it is nobody's fault. */
bool live_feed_has_restarted(struct live_feed *feed, const struct live_place *place);

#endif
