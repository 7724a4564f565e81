/* Entries of one service on their way to Redis, as one transaction: where Redis refuses one for
 * want of memory or rights it takes none of them, so that order is kept. */
#ifndef CQRS_REPLICATION_RELAY_RELAY_WINDOW_H
#define CQRS_REPLICATION_RELAY_RELAY_WINDOW_H

#include "base/metric.h"
#include "cqrs/replication/relay/relay_stream.h"

enum { RELAY_WINDOW_MAX = 512 };

/* Lifetime: a term's. Set the first three, leave the rest zeroed; free it once. */
struct relay_window {
    struct redis_conn *redis;
    struct metric *published, *refused;
    struct relay_stream *stream; /* of the entries in it */
    size_t count;
    msec_t closed_at; /* when the last one was answered */
    struct position positions[RELAY_WINDOW_MAX];
    struct buf scratch;
    /* After a failure */
    char why[200];
    bool is_spoilt; /* the stream lacks an entry, or has somebody else's: it must begin anew */
};

/* Queues one more entry, whose `prev` it fills in; closes the window before it where that is full
 * or another stream's. False, with the reason, where that failed: the term is over. */
bool relay_window_add(struct relay_window *window, struct relay_stream *stream,
                      struct event_entry *entry) must_check;

/* Sends what is queued and looks at every reply. False, with the reason, where one of them is
 * neither "published" nor "was there": the term is over. */
bool relay_window_close(struct relay_window *window) must_check;

void relay_window_free(struct relay_window *window);

#endif
