/* Pages of the write side, in the order of ids: the records of a collection, or the events of a
 * service.
 *
 *   GET /replication/<service>[/<collection>]?after=<id> → checked whole → stored */
#ifndef CQRS_REPLICATION_REPLICA_RESYNC_RESYNC_PAGES_H
#define CQRS_REPLICATION_REPLICA_RESYNC_RESYNC_PAGES_H

#include "cqrs/replication/replica/resync/resync.h"

/* Set the first five; what is borrowed outlives it. */
struct resync_pages {
    const struct resync *resync;
    const struct service *service;
    const struct collection *collection; /* NULL: the service's events */
    const char *epoch;                   /* that the pages must be of */
    bool replaces;                       /* what is there is of an epoch that is over */
    char last_id[UUID_TEXT_SIZE];        /* of the page before, then of this one */
    int64_t total;
    bool is_over;    /* there was nothing more */
    int64_t barrier; /* of resync_pages_await: the first transaction that need not be seen */
    bool is_waiting; /* likewise: pages are looked at, not stored */
    bool sees_all;
    enum status status;
    struct buf page; /* as it came */
    char why[200];
};

/* Waits until pages show every transaction that had begun when it was called: one may be in the
 * log, and in the stream, a moment before others see it. False with a line in `why`. */
bool resync_pages_await(struct resync_pages *pages) must_check;

/* Fetches one page, from whichever write server answers, and queues what stores it. False with a
 * line in `why`. */
bool resync_pages_take(struct resync_pages *pages) must_check;

void resync_pages_free(struct resync_pages *pages);

#endif
