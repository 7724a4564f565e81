#include "cqrs/write/key_claims.h"

void key_claims_init(struct key_claims *claims)
{
    for (size_t i = 0; i < KEY_CLAIMS_BUCKETS; i++)
        list_init(&claims->buckets[i]);
}

void key_claim_init(struct key_claim *claim)
{
    *claim = (struct key_claim){0};
    list_init(&claim->link);
}

/* FNV-1a (Fowler, Noll, Vo), folded. A client who makes all his keys fall together only slows
 * himself: keys under way are as few as commands under way. */
static size_t bucket_of(struct str key)
{
    uint32_t hash = 2166136261;
    for (size_t i = 0; i < key.len; i++)
        hash = (hash ^ (unsigned char)key.ptr[i]) * 16777619;
    return (hash ^ hash >> 16) % KEY_CLAIMS_BUCKETS;
}

bool key_claims_take(struct key_claims *claims, struct key_claim *claim, struct str key)
{
    struct list *bucket = &claims->buckets[bucket_of(key)];
    list_each (link, bucket) {
        if (str_equal(container_of(link, struct key_claim, link)->key, key))
            return false;
    }
    claim->key = key;
    list_append(bucket, &claim->link);
    return true;
}

void key_claim_drop(struct key_claim *claim)
{
    list_remove(&claim->link);
}
