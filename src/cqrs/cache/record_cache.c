#include "cqrs/cache/record_cache.h"

#include "base/clock.h"
#include "cqrs/cache/marked_cache.h"

struct record_cache {
    struct marked_cache *kept;
};

static struct cache_gauges gauges_of(struct metrics *metrics)
{
    return (struct cache_gauges){
        .hits = metric_get(metrics, METRIC_KIND_COUNTER, "mamparo_cache_hits_total",
                           "Records served from memory", ""),
        .misses = metric_get(metrics, METRIC_KIND_COUNTER, "mamparo_cache_misses_total",
                             "Records that the database was asked for", ""),
        .count = metric_get(metrics, METRIC_KIND_GAUGE, "mamparo_cache_records",
                            "Records kept in memory", ""),
        .bytes = metric_get(metrics, METRIC_KIND_GAUGE, "mamparo_cache_bytes",
                            "Bytes that they take", ""),
    };
}

struct record_cache *record_cache_new(size_t bytes_max, struct metrics *metrics)
{
    struct record_cache *cache = mem_new(1, sizeof(*cache));
    cache->kept = marked_cache_new(bytes_max, gauges_of(metrics));
    return cache;
}

static uint64_t mark_of(const struct record_look *look)
{
    return validity_mark(look->validity, look->id, clock_monotonic());
}

bool record_cache_find(struct record_cache *cache, const struct record_look *look,
                       struct read_record *out)
{
    /* First, since reading the clock waits for all memory that was asked for; the table's and the
     * generation's are then waited for together. */
    uint64_t mark = mark_of(look);
    const struct kept *kept =
        marked_cache_find(cache->kept, (struct kept_key){look->collection, look->id}, mark);
    if (kept == NULL)
        return false;
    *out = (struct read_record){STATUS_OK, kept->version, kept->text};
    return true;
}

/* Lifetime: a look-up's, while the database is at it. */
struct loading {
    struct record_cache *cache;
    const struct collection *collection;
    struct uuid id;
    uint64_t mark; /* before the database was asked */
    read_store_record_fn *done;
    void *arg;
};

static void on_loaded(void *arg, const struct read_record *record)
{
    struct loading *loading = arg;
    if (record->status == STATUS_OK)
        marked_cache_keep(loading->cache->kept,
                          (struct kept_key){loading->collection, &loading->id},
                          &(struct kept){loading->mark, record->version, record->json});
    loading->done(loading->arg, record);
    free(loading);
}

void record_cache_load(struct record_cache *cache, struct pg_pool *pool,
                       const struct record_look *look, read_store_record_fn *done, void *arg)
{
    struct loading *loading = mem_new(1, sizeof(*loading));
    *loading = (struct loading){cache, look->collection, *look->id, mark_of(look), done, arg};
    read_store_find(pool, look->collection, look->id, on_loaded, loading);
}

void record_cache_write_status(struct metrics *metrics, struct buf *out)
{
    struct cache_gauges gauges = gauges_of(metrics);
    cache_gauges_write(&gauges, "cache", "records", out);
}
