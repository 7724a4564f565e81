/* Answers kept in memory, for one thread: a hash table with a bound in bytes. What was not asked
 * for the longest time makes room. Pure: what is kept may be outdated, and its mark tells. */
#ifndef CQRS_CACHE_KEPT_TABLE_H
#define CQRS_CACHE_KEPT_TABLE_H

#include "base/ident.h"

struct kept_key {
    const void *collection;
    const struct uuid *id;
};

struct kept {
    uint64_t mark;
    int64_t version; /* where it has one */
    struct str text;
};

struct kept_table;

struct kept_table *kept_table_new(size_t bytes_max);
void kept_table_free(struct kept_table **table);

/* Lent until the next kept_table_put(); NULL: it is not there. */
const struct kept *kept_table_find(struct kept_table *table, struct kept_key key);

/* Copies it, in the place of what was kept under that key. One that would take more than an eighth
 * of the whole is not kept: it would cost too many others. */
void kept_table_put(struct kept_table *table, struct kept_key key, const struct kept *kept);

/* What is kept takes so much, with what belongs to it; never above the bound. */
size_t kept_table_bytes(const struct kept_table *table);
size_t kept_table_count(const struct kept_table *table);

#endif
