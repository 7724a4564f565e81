/* The records that one loop has served lately, so that those that are asked for again and again
 * cost the database nothing. A look-up here is as fresh as one there: see validity. */
#ifndef CQRS_CACHE_RECORD_CACHE_H
#define CQRS_CACHE_RECORD_CACHE_H

#include "base/metric.h"
#include "cqrs/query/read_store.h"
#include "cqrs/replication/replica/validity.h"

/* Lives as long as its loop. */
struct record_cache;

/* Of at most so many bytes; 0 keeps nothing. */
struct record_cache *record_cache_new(size_t bytes_max, struct metrics *metrics);

/* One record, with what its service's applier tells. */
struct record_look {
    const struct collection *collection;
    const struct uuid *id;
    const struct validity *validity;
};

/* The record, lent until the loop's turn ends; false where the database has to be asked. */
bool record_cache_find(struct record_cache *cache, const struct record_look *look,
                       struct read_record *out) must_check;

/* Asks the database, as read_store_find() does, and keeps what comes. */
void record_cache_load(struct record_cache *cache, struct pg_pool *pool,
                       const struct record_look *look, read_store_record_fn *done, void *arg);

/* A member for /statusz: what the caches of the process hold, and how often it was of use. */
void record_cache_write_status(struct metrics *metrics, struct buf *out);

#endif
