#include "guard/fresh_way.h"

void fresh_way_init(struct fresh_way *way, struct pool *readers, struct pool *last_resort,
                    struct compartment *room)
{
    *way = (struct fresh_way){.pool = readers, .last_resort = last_resort, .room = room};
}

static bool turn(struct fresh_way *way)
{
    if (way->last_resort == NULL || compartment_admit(way->room) != STATUS_OK)
        return false;
    way->pool = way->last_resort;
    way->last_resort = NULL;
    way->asked = 0;
    way->has_turned = true;
    return true;
}

int fresh_way_next(struct fresh_way *way, msec_t now)
{
    int server = pool_find_freshest(way->pool, way->asked, now);
    if ((server == POOL_NONE || pool_is_resting(way->pool, server, now)) && turn(way))
        server = pool_find_freshest(way->pool, way->asked, now);
    if (server == POOL_NONE)
        return POOL_NONE;
    way->asked |= UINT64_C(1) << server;
    pool_ask(way->pool, server);
    return server;
}

void fresh_way_fini(struct fresh_way *way)
{
    if (way->has_turned)
        compartment_release(way->room);
    *way = (struct fresh_way){0};
}
