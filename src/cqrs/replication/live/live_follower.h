/* What a feed's thread does to its ring: the one who reads the stream, and the only writer. */
#ifndef CQRS_REPLICATION_LIVE_LIVE_FOLLOWER_H
#define CQRS_REPLICATION_LIVE_LIVE_FOLLOWER_H

#include "cqrs/replication/background.h"
#include "cqrs/replication/live/live_feed.h"

struct live_feed {
    struct background background;
    struct live_feed_options options;
    const struct service *service;
    pthread_mutex_t lock; /* of all below */
    struct live_ring ring;
    char epoch[LIVE_EPOCH_SIZE]; /* empty: nothing is known yet */
    bool has_begun;              /* the ring's floor is known */
    unsigned term;
    struct position applied;
    struct list listeners;
    struct position last; /* read from the stream; the thread's own */
};

/* A round of the thread. */
void live_follower_run(struct background *background);

#endif
