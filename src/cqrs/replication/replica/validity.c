#include "cqrs/replication/replica/validity.h"

#include <stdatomic.h>

#include "base/buf.h"

struct validity {
    _Atomic msec_t valid_until; /* 0: there is no lease */
    msec_t others_until;        /* another process may serve from memory */
    uint64_t seed;
    struct buf touched; /* the buckets, uint32_t each */
    _Atomic uint64_t generations[VALIDITY_BUCKETS];
};

struct validity *validity_new(void)
{
    struct validity *validity = mem_new(1, sizeof(*validity));
    validity->seed = ident_random();
    return validity;
}

static uint32_t bucket_of(const struct validity *validity, const struct uuid *id)
{
    return (uint32_t)(uuid_hash(id, validity->seed) % VALIDITY_BUCKETS);
}

/* The lease first: where it runs, the generations that are read then are those of its time. */
uint64_t validity_mark(const struct validity *validity, const struct uuid *id, msec_t now)
{
    if (now >= atomic_load(&validity->valid_until))
        return 0;
    uint64_t generation = atomic_load(&validity->generations[bucket_of(validity, id)]);
    return generation % 2 == 0 ? generation : 0;
}

struct uuid validity_id_of_lists(const struct collection *collection)
{
    return uuid_from(0, 0, (uintptr_t)collection);
}

void validity_touch(struct validity *validity, const struct uuid *id)
{
    uint32_t bucket = bucket_of(validity, id);
    if (atomic_load(&validity->generations[bucket]) % 2 != 0)
        return;
    atomic_fetch_add(&validity->generations[bucket], 1);
    buf_append(&validity->touched, &bucket, sizeof(bucket));
}

void validity_settle(struct validity *validity)
{
    uint32_t bucket;
    for (size_t at = 0; at < validity->touched.len; at += sizeof(bucket)) {
        memcpy(&bucket, validity->touched.ptr + at, sizeof(bucket));
        atomic_fetch_add(&validity->generations[bucket], 1);
    }
    buf_reset(&validity->touched);
}

/* The first generation that is a mark is 2: 0 is none. */
static void begin(struct validity *validity)
{
    validity_settle(validity);
    for (size_t i = 0; i < VALIDITY_BUCKETS; i++)
        atomic_fetch_add(&validity->generations[i], 2);
}

void validity_hold(struct validity *validity, msec_t asked_at)
{
    if (atomic_load(&validity->valid_until) == 0)
        begin(validity);
    atomic_store(&validity->valid_until, asked_at + VALIDITY_LEASE_MS);
}

void validity_end(struct validity *validity)
{
    atomic_store(&validity->valid_until, 0);
}

void validity_succeed(struct validity *validity, msec_t now)
{
    validity->others_until = now + VALIDITY_LEASE_MS;
}

msec_t validity_wait(const struct validity *validity, msec_t now)
{
    return validity->others_until - now;
}
