#include "cqrs/cache/list_cache.h"

#include "base/clock.h"
#include "base/digest.h"
#include "cqrs/cache/marked_cache.h"

struct list_cache {
    struct marked_cache *kept;
};

static struct cache_gauges gauges_of(struct metrics *metrics)
{
    return (struct cache_gauges){
        .hits = metric_get(metrics, METRIC_KIND_COUNTER, "mamparo_list_cache_hits_total",
                           "Lists and counts served from memory", ""),
        .misses = metric_get(metrics, METRIC_KIND_COUNTER, "mamparo_list_cache_misses_total",
                             "Lists and counts that were not in memory", ""),
        .count = metric_get(metrics, METRIC_KIND_GAUGE, "mamparo_list_cache_lists",
                            "Lists and counts kept in memory", ""),
        .bytes = metric_get(metrics, METRIC_KIND_GAUGE, "mamparo_list_cache_bytes",
                            "Bytes that they take", ""),
    };
}

struct list_cache *list_cache_new(size_t bytes_max, struct metrics *metrics)
{
    struct list_cache *cache = mem_new(1, sizeof(*cache));
    cache->kept = marked_cache_new(bytes_max, gauges_of(metrics));
    return cache;
}

struct list_look list_cache_look(const struct list_question *question,
                                 const struct validity *validity)
{
    uint8_t digest[DIGEST_SIZE];
    struct list_look look = {.collection = question->collection};
    struct uuid lists = validity_id_of_lists(question->collection);
    struct str coding = question->prefers_gzip ? STR("gzip") : STR("");
    look.mark = validity_mark(validity, &lists, clock_monotonic());
    digest_sha256((const struct str[]){question->path, question->query, coding}, 3, digest);
    memcpy(&look.target, digest, sizeof(look.target));
    return look;
}

/* A line each for coding, tag and link, which have no line breaks, and the body. */
bool list_cache_find(struct list_cache *cache, const struct list_look *look, struct kept_list *out)
{
    const struct kept *kept = marked_cache_find(
        cache->kept, (struct kept_key){look->collection, &look->target}, look->mark);
    if (kept == NULL)
        return false;
    out->body = kept->text;
    out->is_gzipped = str_cut(&out->body, '\n').len > 0;
    out->tag = str_cut(&out->body, '\n');
    out->link = str_cut(&out->body, '\n');
    return true;
}

void list_cache_keep(struct list_cache *cache, const struct list_look *look,
                     const struct kept_list *list)
{
    struct buf text = {0};
    buf_append_text(&text, list->is_gzipped ? "gzip\n" : "\n");
    buf_append_str(&text, list->tag);
    buf_append_char(&text, '\n');
    buf_append_str(&text, list->link);
    buf_append_char(&text, '\n');
    buf_append_str(&text, list->body);
    marked_cache_keep(cache->kept, (struct kept_key){look->collection, &look->target},
                      &(struct kept){.mark = look->mark, .text = buf_str(&text)});
    buf_free(&text);
}

void list_cache_write_status(struct metrics *metrics, struct buf *out)
{
    struct cache_gauges gauges = gauges_of(metrics);
    cache_gauges_write(&gauges, "list_cache", "lists", out);
}
