/* The order of a list: fields declared `sort`, created_at or updated_at, '-' for descending, and
 * the id as the last word, so that no two records stand in the same place. Null comes before all
 * else. An order that is not asked for is the newest first. */
#ifndef CQRS_QUERY_SORT_H
#define CQRS_QUERY_SORT_H

#include "base/json.h"
#include "base/problem.h"
#include "model/lookup/lookup.h"

enum { SORT_FIELDS_MAX = LOOKUP_SORT_MAX, SORT_KEYS_MAX = SORT_FIELDS_MAX + 1 };

struct sort_key {
    const struct field *field;
    bool is_descending;
};

struct sort {
    struct sort_key keys[SORT_FIELDS_MAX];
    size_t count; /* 0: nobody asked */
};

/* Reads sort=. Mistakes are set in `problem`. */
void sort_take(const struct collection *collection, struct str text, struct sort *out,
               struct problem *problem);

/* The whole order, with the id; returns how many keys there are. */
size_t sort_keys(const struct sort *sort, struct sort_key out[SORT_KEYS_MAX]);

/* Appends what stands behind "order by". */
void sort_write_order(const struct sort *sort, struct buf *sql);

/* The keys of a record, whose JSON that is, as its columns were made of them; returns how many
 * there are. Of one that is null, ptr is NULL. They are borrowed from `texts`, which is empty
 * before. */
size_t sort_find_keys(const struct sort *sort, struct str record, struct str out[SORT_KEYS_MAX],
                      struct buf *texts);

/* Appends the condition for what comes behind a row; `number` is that of its first key. */
void sort_write_behind(const struct sort *sort, int number, struct buf *sql);

/* Appends the names that sort= takes. */
void sort_write_allowed(const struct collection *collection, struct buf *out);

#endif
