#include "guard/fleet/fresh_way.h"

void fresh_way_init(struct fresh_way *way, struct pool *readers, struct pool *last_resort,
                    struct admission *room)
{
    *way = (struct fresh_way){.pool = readers, .last_resort = last_resort, .room = room};
}

static int take_last_resort(struct fresh_way *way, msec_t now)
{
    if (way->last_resort == NULL || admission_enter(way->room, NULL, NULL) != ADMISSION_GRANTED)
        return POOL_NONE;
    int server = pool_take(way->last_resort, 0, POOL_FRESHEST, now);
    if (server == POOL_NONE)
        admission_leave(way->room);
    return server;
}

static void turn(struct fresh_way *way)
{
    way->pool = way->last_resort;
    way->last_resort = NULL;
    way->asked = 0;
    way->has_turned = true;
}

int fresh_way_next(struct fresh_way *way, msec_t now)
{
    int server = pool_take(way->pool, way->asked, POOL_FRESHEST, now), last = POOL_NONE;
    if (server == POOL_NONE || pool_is_resting(way->pool, server, now))
        last = take_last_resort(way, now);
    if (last != POOL_NONE) {
        if (server != POOL_NONE)
            pool_give_back(way->pool, server, POOL_GIVEN_UP, now, now);
        turn(way);
        server = last;
    }
    if (server != POOL_NONE)
        way->asked |= UINT64_C(1) << server;
    return server;
}

void fresh_way_fini(struct fresh_way *way)
{
    if (way->has_turned)
        admission_leave(way->room);
    *way = (struct fresh_way){0};
}
