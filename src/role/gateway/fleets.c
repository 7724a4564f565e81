#include "role/gateway/fleets.h"

#include "role/gateway/gateway.h"
#include "role/gateway/incident/watches.h"

enum use { READS, WRITES, STREAMS, USE_COUNT };

/* One service's servers, for one use. */
struct group {
    struct pool *pool;
    struct watched_pool watched;
};

struct fleets {
    const struct model *model;
    struct watched_fleet sides[SIDE_COUNT];
    struct group (*groups)[USE_COUNT]; /* by the service's place in the model */
};

struct fleet *fleets_of_side(const struct fleets *fleets, enum side side)
{
    return fleets->sides[side].fleet;
}

static struct pool *pool_of(const struct fleets *fleets, const struct service *service,
                            enum use use)
{
    return fleets->groups[service - fleets->model->services][use].pool;
}

struct pool *fleets_pool(const struct fleets *fleets, const struct service *service, enum side side)
{
    return pool_of(fleets, service, side == SIDE_READS ? READS : WRITES);
}

struct pool *fleets_stream_pool(const struct fleets *fleets, const struct service *service)
{
    return pool_of(fleets, service, STREAMS);
}

/* Opening */

static struct pool_limits limits_of(const struct settings *settings)
{
    bool has_principal = strcmp(settings->policy, "principal") == 0;
    return (struct pool_limits){
        .policy = has_principal ? POOL_PRINCIPAL : POOL_BALANCED,
        .failures_max = 3,
        .window_min = 20,
        .window = 10000,
        .ejection = 5000,
        .ejection_max = 60000,
        .lease = settings->request_timeout_ms, /* none that asks is still there then */
        .slow_start = 10000,
    };
}

/* What streams find of a server is no news: reads find it too. */
static void open_service(struct fleets *fleets, const struct settings *settings, size_t place)
{
    static const enum side sides[USE_COUNT] = {SIDE_READS, SIDE_WRITES, SIDE_READS};
    for (enum use use = 0; use < USE_COUNT; use++) {
        struct group *group = &fleets->groups[place][use];
        struct watched_fleet *side = &fleets->sides[sides[use]];
        group->watched = (struct watched_pool){side, &fleets->model->services[place]};
        group->pool = pool_new(side->fleet, UINT64_C(1) << place, limits_of(settings),
                               use == STREAMS ? NULL : incidents_note_pool, &group->watched);
    }
}

struct fleets *fleets_new(const struct process *process)
{
    struct fleets *fleets = mem_new(1, sizeof(*fleets));
    fleets->model = process->model;
    for (enum side side = 0; side < SIDE_COUNT; side++) {
        struct fleet *fleet = fleet_new((struct fleet_limits){.down_after = 2, .up_after = 2});
        fleets->sides[side] = (struct watched_fleet){process->gateway->journal, fleet, side};
        fleet_watch(fleet, incidents_note_fleet, &fleets->sides[side]);
    }
    fleets->groups = mem_new(fleets->model->service_count, sizeof(*fleets->groups));
    for (size_t place = 0; place < fleets->model->service_count; place++)
        open_service(fleets, &process->settings, place);
    return fleets;
}
