#include "cqrs/cache/record_cache.h"

#include "base/clock.h"
#include "cqrs/cache/record_table.h"

/* Shared by all loops. */
struct gauges {
    struct metric *hits, *misses, *records, *bytes;
};

struct record_cache {
    struct record_table *table;
    struct gauges gauges;
};

static struct gauges gauges_of(struct metrics *metrics)
{
    return (struct gauges){
        .hits = metric_get(metrics, METRIC_KIND_COUNTER, "mamparo_cache_hits_total",
                           "Records served from memory", ""),
        .misses = metric_get(metrics, METRIC_KIND_COUNTER, "mamparo_cache_misses_total",
                             "Records that the database was asked for", ""),
        .records = metric_get(metrics, METRIC_KIND_GAUGE, "mamparo_cache_records",
                              "Records kept in memory", ""),
        .bytes = metric_get(metrics, METRIC_KIND_GAUGE, "mamparo_cache_bytes",
                            "Bytes that they take", ""),
    };
}

struct record_cache *record_cache_new(size_t bytes_max, struct metrics *metrics)
{
    struct record_cache *cache = mem_new(1, sizeof(*cache));
    cache->table = record_table_new(bytes_max);
    cache->gauges = gauges_of(metrics);
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
    const struct kept_record *kept =
        record_table_find(cache->table, (struct record_key){look->collection, look->id});
    bool is_hit = kept != NULL && kept->mark == mark;
    metric_add(is_hit ? cache->gauges.hits : cache->gauges.misses, 1);
    if (is_hit)
        *out = (struct read_record){STATUS_OK, kept->version, kept->json};
    return is_hit;
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

static void keep(struct record_cache *cache, const struct loading *loading,
                 const struct read_record *record)
{
    size_t count = record_table_count(cache->table), bytes = record_table_bytes(cache->table);
    record_table_put(cache->table, (struct record_key){loading->collection, &loading->id},
                     &(struct kept_record){loading->mark, record->version, record->json});
    metric_add(cache->gauges.records, (int64_t)(record_table_count(cache->table) - count));
    metric_add(cache->gauges.bytes, (int64_t)(record_table_bytes(cache->table) - bytes));
}

static void on_loaded(void *arg, const struct read_record *record)
{
    struct loading *loading = arg;
    if (loading->mark != 0 && record->status == STATUS_OK)
        keep(loading->cache, loading, record);
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
    struct gauges gauges = gauges_of(metrics);
    buf_printf(out, ",\"cache\":{\"hits\":%lld,\"misses\":%lld,\"records\":%lld,\"bytes\":%lld}",
               (long long)metric_read(gauges.hits), (long long)metric_read(gauges.misses),
               (long long)metric_read(gauges.records), (long long)metric_read(gauges.bytes));
}
