#include "cqrs/cache/kept_table.h"

#include "base/list.h"

struct entry {
    struct entry *next; /* of its bucket */
    struct list link;   /* the one asked for last is the last */
    const void *collection;
    struct uuid id;
    struct kept kept;
    char letters[];
};

struct kept_table {
    struct list by_use;
    size_t bytes_max, bytes, count;
    uint64_t seed;
    size_t bucket_count; /* a power of two */
    struct entry **buckets;
};

struct kept_table *kept_table_new(size_t bytes_max)
{
    enum { USUAL_BYTES = 512 };
    struct kept_table *table = mem_new(1, sizeof(*table));
    list_init(&table->by_use);
    table->bytes_max = bytes_max;
    table->seed = ident_random();
    table->bucket_count = 1;
    while (table->bucket_count * USUAL_BYTES < bytes_max)
        table->bucket_count *= 2;
    table->buckets = mem_new(table->bucket_count, sizeof(struct entry *));
    return table;
}

static size_t bytes_of(size_t len)
{
    enum { ALLOCATOR_BYTES = 16 };
    return sizeof(struct entry) + len + ALLOCATOR_BYTES;
}

static struct entry **bucket_of(struct kept_table *table, const struct uuid *id)
{
    return &table->buckets[uuid_hash(id, table->seed) & (table->bucket_count - 1)];
}

/* Where the pointer to it stands; one to NULL: it is not there. */
static struct entry **place_of(struct kept_table *table, struct kept_key key)
{
    struct entry **place = bucket_of(table, key.id);
    while (*place != NULL && ((*place)->collection != key.collection ||
                              memcmp(&(*place)->id, key.id, sizeof(*key.id)) != 0))
        place = &(*place)->next;
    return place;
}

static void drop(struct kept_table *table, struct entry **place)
{
    struct entry *entry = *place;
    assert(entry != NULL);
    *place = entry->next;
    list_remove(&entry->link);
    table->bytes -= bytes_of(entry->kept.text.len);
    table->count--;
    free(entry);
}

static void drop_oldest(struct kept_table *table)
{
    struct entry *oldest = container_of(table->by_use.next, struct entry, link);
    drop(table, place_of(table, (struct kept_key){oldest->collection, &oldest->id}));
}

void kept_table_free(struct kept_table **table)
{
    while (!list_is_empty(&(*table)->by_use))
        drop_oldest(*table);
    free((*table)->buckets);
    free(*table);
    *table = NULL;
}

/* It is about to be read, and memory is far: it comes while the answer's head is made. */
static void fetch(struct str text)
{
    enum { FETCHED_MAX = 1024 };
    for (size_t at = 0; at < text.len && at < FETCHED_MAX; at += CACHE_LINE)
        __builtin_prefetch(text.ptr + at);
}

const struct kept *kept_table_find(struct kept_table *table, struct kept_key key)
{
    struct entry *entry = *place_of(table, key);
    if (entry == NULL)
        return NULL;
    fetch(entry->kept.text);
    list_remove(&entry->link);
    list_append(&table->by_use, &entry->link);
    return &entry->kept;
}

static struct entry *entry_new(struct kept_key key, const struct kept *kept)
{
    struct str text = kept->text;
    struct entry *entry = mem_new(1, sizeof(*entry) + text.len);
    entry->collection = key.collection;
    entry->id = *key.id;
    entry->kept = *kept;
    memcpy(entry->letters, text.ptr, text.len);
    entry->kept.text.ptr = entry->letters;
    return entry;
}

void kept_table_put(struct kept_table *table, struct kept_key key, const struct kept *kept)
{
    enum { LEAST_ENTRIES = 8 };
    size_t bytes = bytes_of(kept->text.len);
    struct entry **place = place_of(table, key);
    if (*place != NULL)
        drop(table, place);
    if (bytes > table->bytes_max / LEAST_ENTRIES)
        return;
    while (table->bytes + bytes > table->bytes_max)
        drop_oldest(table);
    struct entry *entry = entry_new(key, kept), **bucket = bucket_of(table, key.id);
    entry->next = *bucket;
    *bucket = entry;
    list_append(&table->by_use, &entry->link);
    table->bytes += bytes;
    table->count++;
}

size_t kept_table_bytes(const struct kept_table *table)
{
    return table->bytes;
}

size_t kept_table_count(const struct kept_table *table)
{
    return table->count;
}
