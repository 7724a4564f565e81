#include "cqrs/cache/marked_cache.h"

struct marked_cache {
    struct kept_table *table;
    struct cache_gauges gauges;
};

struct marked_cache *marked_cache_new(size_t bytes_max, struct cache_gauges gauges)
{
    struct marked_cache *cache = mem_new(1, sizeof(*cache));
    cache->table = kept_table_new(bytes_max);
    cache->gauges = gauges;
    return cache;
}

const struct kept *marked_cache_find(struct marked_cache *cache, struct kept_key key, uint64_t mark)
{
    const struct kept *kept = kept_table_find(cache->table, key);
    bool is_hit = kept != NULL && kept->mark == mark;
    metric_add(is_hit ? cache->gauges.hits : cache->gauges.misses, 1);
    return is_hit ? kept : NULL;
}

void marked_cache_keep(struct marked_cache *cache, struct kept_key key, const struct kept *kept)
{
    size_t count = kept_table_count(cache->table), bytes = kept_table_bytes(cache->table);
    if (kept->mark == 0)
        return;
    kept_table_put(cache->table, key, kept);
    metric_add(cache->gauges.count, (int64_t)(kept_table_count(cache->table) - count));
    metric_add(cache->gauges.bytes, (int64_t)(kept_table_bytes(cache->table) - bytes));
}

void cache_gauges_write(const struct cache_gauges *gauges, const char *name, const char *things,
                        struct buf *out)
{
    buf_printf(out, ",\"%s\":{\"hits\":%lld,\"misses\":%lld,\"%s\":%lld,\"bytes\":%lld}", name,
               (long long)metric_read(gauges->hits), (long long)metric_read(gauges->misses), things,
               (long long)metric_read(gauges->count), (long long)metric_read(gauges->bytes));
}
