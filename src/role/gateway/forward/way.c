#include "role/gateway/forward/way.h"

void way_init(struct way *way, enum side side, struct pool *pool)
{
    *way = (struct way){.side = side, .pool = pool};
}

void way_init_fresh(struct way *way, struct pool *pool, struct pool *last_resort,
                    struct admission *room)
{
    *way = (struct way){.side = SIDE_READS, .pool = pool, .is_fresh = true};
    fresh_way_init(&way->fresh, pool, last_resort, room);
}

bool way_next(struct way *way, msec_t now, struct stop *out)
{
    *out = (struct stop){.pool = way->pool, .side = way->side, .at = now};
    if (way->is_fresh) {
        out->server = fresh_way_next(&way->fresh, now);
        out->pool = way->fresh.pool;
        out->side = way->fresh.has_turned ? SIDE_WRITES : SIDE_READS;
    } else {
        out->server = pool_take(way->pool, way->asked, POOL_LEAST_BUSY, now);
        if (out->server != POOL_NONE)
            way->asked |= UINT64_C(1) << out->server;
    }
    return out->server != POOL_NONE;
}

bool way_goes_on(const struct way *way)
{
    const struct fresh_way *fresh = &way->fresh;
    if (way->is_fresh)
        return fresh->last_resort != NULL || pool_left(fresh->pool, fresh->asked) != 0;
    return pool_left(way->pool, way->asked) != 0;
}

void way_begin_again(struct way *way)
{
    way->asked = 0;
}

void way_fini(struct way *way)
{
    if (way->is_fresh)
        fresh_way_fini(&way->fresh);
}
