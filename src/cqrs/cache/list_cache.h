/* The lists and counts that one loop has answered lately, as they were answered: who asks the same
 * while nothing in the collection has changed costs the database nothing. As fresh as what is
 * there: see validity. */
#ifndef CQRS_CACHE_LIST_CACHE_H
#define CQRS_CACHE_LIST_CACHE_H

#include "base/metric.h"
#include "cqrs/replication/replica/validity.h"

/* Lives as long as its loop. */
struct list_cache;

/* Of at most so many bytes; 0 keeps nothing. */
struct list_cache *list_cache_new(size_t bytes_max, struct metrics *metrics);

/* All that the answer depends on beside the records; path and query as they came. */
struct list_question {
    const struct collection *collection;
    struct str path, query;
    bool prefers_gzip;
};

/* What is asked for, and the mark of this moment: taken before the database is asked. */
struct list_look {
    const struct collection *collection;
    struct uuid target;
    uint64_t mark;
};
struct list_look list_cache_look(const struct list_question *question,
                                 const struct validity *validity);

/* Its ETag without quotes, its Link, which may be empty, and its body. */
struct kept_list {
    struct str tag, link, body;
    bool is_gzipped;
};

/* Lent until the next list_cache_keep(); false where the database has to be asked. */
bool list_cache_find(struct list_cache *cache, const struct list_look *look,
                     struct kept_list *out) must_check;

/* Copies what the database has answered. */
void list_cache_keep(struct list_cache *cache, const struct list_look *look,
                     const struct kept_list *list);

/* A member for /statusz: what the caches of the process hold, and how often it was of use. */
void list_cache_write_status(struct metrics *metrics, struct buf *out);

#endif
