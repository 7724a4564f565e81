/* The database's answers that one loop has given lately, each with the mark that validity gave
 * before the database was asked: it is served again while that still is the mark. */
#ifndef CQRS_CACHE_MARKED_CACHE_H
#define CQRS_CACHE_MARKED_CACHE_H

#include "base/buf.h"
#include "base/metric.h"
#include "cqrs/cache/kept_table.h"

/* Of the caches of all loops together. */
struct cache_gauges {
    struct metric *hits, *misses, *count, *bytes;
};

/* Lives as long as its loop. */
struct marked_cache;

/* Of at most so many bytes; 0 keeps nothing. */
struct marked_cache *marked_cache_new(size_t bytes_max, struct cache_gauges gauges);

/* Lent until the next marked_cache_keep(); NULL where the database has to be asked. */
const struct kept *marked_cache_find(struct marked_cache *cache, struct kept_key key,
                                     uint64_t mark);

/* Copies it; nothing that has no mark. */
void marked_cache_keep(struct marked_cache *cache, struct kept_key key, const struct kept *kept);

/* Appends ,"<name>":{…} for /statusz, where `things` is what is counted. */
void cache_gauges_write(const struct cache_gauges *gauges, const char *name, const char *things,
                        struct buf *out);

#endif
