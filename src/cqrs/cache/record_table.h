/* Records kept in memory, for one thread: a hash table with a bound in bytes. What was not asked
 * for the longest time makes room. Pure: what is kept may be outdated, and its mark tells. */
#ifndef CQRS_CACHE_RECORD_TABLE_H
#define CQRS_CACHE_RECORD_TABLE_H

#include "base/ident.h"

struct record_key {
    const void *collection;
    const struct uuid *id;
};

struct kept_record {
    uint64_t mark;
    int64_t version;
    struct str json;
};

struct record_table;

struct record_table *record_table_new(size_t bytes_max);
void record_table_free(struct record_table **table);

/* Lent until the next record_table_put(); NULL: it is not there. */
const struct kept_record *record_table_find(struct record_table *table, struct record_key key);

/* Copies it, in the place of what was kept under that key. One that would take more than an eighth
 * of the whole is not kept: it would cost too many others. */
void record_table_put(struct record_table *table, struct record_key key,
                      const struct kept_record *record);

/* What the records take with what belongs to them; never above the bound. */
size_t record_table_bytes(const struct record_table *table);
size_t record_table_count(const struct record_table *table);

#endif
