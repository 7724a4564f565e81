/* Resynchronise: how a replica that is new, that missed events, or whose epoch is over gets every
 * record from the write side, online and without a long transaction anywhere.
 *
 *   note the stream's top → register there → pages by id: every collection, tombstones included,
 *     then what happened to all of them → cursor = the top
 *
 * What is committed while it pages is in the stream behind the noted top, and is applied after. */
#ifndef CQRS_REPLICATION_REPLICA_RESYNC_RESYNC_H
#define CQRS_REPLICATION_REPLICA_RESYNC_RESYNC_H

#include "base/ident.h"
#include "cqrs/replication/replica/block/replica_block.h"
#include "cqrs/replication/replica/replica_lag.h"
#include "cqrs/replication/replica/resync/write_servers.h"

/* What it works with, all borrowed. */
struct resync {
    struct replica_means means;
    struct redis_conn *redis;
    const struct write_servers *servers; /* tried in turn */
    const char *cluster_key;             /* NULL: none */
    const char *replica_id;
    struct background *background;
    struct metric *records; /* filled so far */
};

/* Where a stream stands, and of which epoch it is. False while no relay has readied it, or when
 * Redis did not answer. */
struct resync_top {
    char epoch[48];
    struct lag_view view;
};
bool resync_find_top(struct redis_conn *redis, const struct service *service,
                     struct resync_top *out) must_check;

/* Fills one service and leaves its cursor at the noted top, saved. False, with a line in `why`,
 * when it has to be begun again. */
bool resync_run(const struct resync *resync, struct replica_cursor *cursor, char *why,
                size_t why_size) must_check;

#endif
