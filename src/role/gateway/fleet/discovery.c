#include "role/gateway/fleet/discovery.h"

#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/http/http_resolve.h"
#include "role/gateway/fleet/fleet_gauges.h"
#include "role/gateway/fleet/monitor.h"
#include "role/gateway/fleet/registry_reader.h"
#include "role/gateway/fleet/resolver.h"
#include "role/gateway/fleets.h"
#include "role/gateway/gateway.h"
#include "role/server_list.h"

enum { EXIT_CONFIG = 78 }; /* sysexits.h */

struct found_side {
    const char *setting;
    struct str list; /* empty: there is none */
    struct fleet *fleet;
    struct roster *roster;
    uint64_t shared; /* services without entries of their own: the others' and Redis's servers */
    struct fleet_gauges gauges;
};

struct discovery {
    struct process *process;
    struct found_side sides[SIDE_COUNT];
    struct resolver *resolver;
    struct registry_reader *registry; /* NULL: there is no Redis */
    atomic_bool has_checked_all;      /* of those that were there at first */
};

/* The lists */

static void refuse(const char *setting, const char *why, struct str what)
{
    fprintf(stderr, "mamparo: %s: %s: " STR_FMT "\n", setting, why, STR_ARG(what));
    _exit(EXIT_CONFIG);
}

/* Those that the entry is for, or none where it names none. */
static uint64_t named_services(const struct discovery *discovery, const struct found_side *side,
                               const struct server_entry *entry)
{
    if (entry->service.ptr == NULL)
        return 0;
    const struct service *service = model_find_service(discovery->process->model, entry->service);
    if (service == NULL)
        refuse(side->setting, "the models have no such service", entry->service);
    return UINT64_C(1) << (service - discovery->process->model->services);
}

/* The settings have seen to it that every entry is one. */
static size_t count_entries(struct str list)
{
    struct server_entry entry;
    size_t count = 0;
    while (list.ptr != NULL && server_list_next(&list, &entry))
        count++;
    return count;
}

static void find_shared(const struct discovery *discovery, struct found_side *side)
{
    struct server_entry entry;
    struct str rest = side->list;
    side->shared = UINT64_MAX;
    while (rest.ptr != NULL && server_list_next(&rest, &entry))
        side->shared &= ~named_services(discovery, side, &entry);
}

/* An address joins at once; a name, when it was looked up. */
static void add_entry(struct discovery *discovery, struct found_side *side,
                      const struct resolver_entry *entry)
{
    struct roster_found found = {.services = entry->services};
    struct http_places places;
    char why[256];
    if (!server_list_is_numeric(entry->place)) {
        resolver_add(discovery->resolver, entry);
    } else if (!http_resolve(entry->place, &places, why, sizeof(why))) {
        refuse(side->setting, why, entry->place);
    } else {
        memcpy(found.name, places.names[0], sizeof(found.name));
        if (!roster_set(side->roster, entry->source, &found, 1, clock_monotonic()))
            refuse(side->setting, "there are more servers than a gateway takes", entry->place);
    }
}

static void add_entries(struct discovery *discovery, struct found_side *side)
{
    struct server_entry entry;
    struct str rest = side->list;
    size_t source = ROSTER_REGISTERED;
    while (rest.ptr != NULL && server_list_next(&rest, &entry)) {
        uint64_t own = named_services(discovery, side, &entry);
        add_entry(discovery, side,
                  &(struct resolver_entry){.place = entry.place,
                                           .roster = side->roster,
                                           .source = ++source,
                                           .services = own != 0 ? own : side->shared});
    }
}

static void open_side(struct discovery *discovery, enum side which, const char *setting,
                      const char *list)
{
    struct found_side *side = &discovery->sides[which];
    side->setting = setting;
    side->list = list != NULL ? str_from(list) : (struct str){NULL, 0};
    side->fleet = fleets_of_side(discovery->process->gateway->fleets, which);
    side->roster = roster_new(side->fleet, 1 + count_entries(side->list));
    side->gauges = (struct fleet_gauges){
        .fleet = side->fleet, .side = which, .metrics = discovery->process->metrics};
    find_shared(discovery, side);
    add_entries(discovery, side);
}

static struct registry_reader *make_reader(const struct discovery *discovery)
{
    struct registry_reader_options options = {.redis_url = discovery->process->settings.redis_url,
                                              .model = discovery->process->model};
    for (enum side side = 0; side < SIDE_COUNT; side++) {
        options.rosters[side] = discovery->sides[side].roster;
        options.services[side] = discovery->sides[side].shared;
    }
    return registry_reader_new(&options);
}

struct discovery *discovery_new(struct process *process)
{
    const struct settings *settings = &process->settings;
    struct discovery *discovery = mem_new(1, sizeof(*discovery));
    discovery->process = process;
    discovery->resolver = resolver_new(settings->resolve_seconds * 1000);
    open_side(discovery, SIDE_READS, "READ_SERVERS", settings->read_servers);
    open_side(discovery, SIDE_WRITES, "WRITE_SERVERS", settings->write_servers);
    if (settings->redis_url != NULL)
        discovery->registry = make_reader(discovery);
    return discovery;
}

void discovery_start(struct discovery *discovery)
{
    const struct settings *settings = &discovery->process->settings;
    struct monitor_options options = {.journal = discovery->process->gateway->journal,
                                      .interval = settings->check_interval_ms,
                                      .timeout = settings->check_timeout_ms};
    for (enum side side = 0; side < SIDE_COUNT; side++)
        options.fleets[side] = discovery->sides[side].fleet;
    resolver_start(discovery->resolver);
    if (discovery->registry != NULL)
        registry_reader_start(discovery->registry);
    monitor_start(&options);
}

static bool has_new(const struct fleet *fleet)
{
    for (uint64_t left = fleet_members(fleet, UINT64_MAX); left != 0; left &= left - 1)
        if (fleet_state(fleet, __builtin_ctzll(left)) == FLEET_NEW)
            return true;
    return false;
}

/* Those that are there from the beginning: later ones are not waited for. */
static bool has_checked_all(struct discovery *discovery)
{
    if (!discovery->has_checked_all)
        discovery->has_checked_all = !has_new(discovery->sides[SIDE_READS].fleet) &&
                                     !has_new(discovery->sides[SIDE_WRITES].fleet);
    return discovery->has_checked_all;
}

static bool has_members(const struct discovery *discovery)
{
    return fleet_members(discovery->sides[SIDE_READS].fleet, UINT64_MAX) != 0 ||
           fleet_members(discovery->sides[SIDE_WRITES].fleet, UINT64_MAX) != 0;
}

/* Neither Redis nor DNS is waited for while there is somebody to ask. */
const char *discovery_unready(struct discovery *discovery)
{
    const struct registry_reader *registry = discovery->registry;
    if (has_members(discovery))
        return has_checked_all(discovery) ? NULL : "the servers behind are being checked";
    if (!resolver_has_looked(discovery->resolver) ||
        (registry != NULL && !registry_reader_has_looked(registry)))
        return "the servers behind are still being looked for";
    return "no server behind is known";
}

/* For people */

void discovery_write_status(const struct discovery *discovery, struct buf *out)
{
    buf_append_text(out, ",\"servers\":{\"reads\":");
    fleet_gauges_write(&discovery->sides[SIDE_READS].gauges, out);
    buf_append_text(out, ",\"writes\":");
    fleet_gauges_write(&discovery->sides[SIDE_WRITES].gauges, out);
    buf_append_char(out, '}');
    if (discovery->registry != NULL)
        buf_printf(out, ",\"registry\":\"%s\"", registry_reader_state(discovery->registry));
}

void discovery_measure(struct discovery *discovery)
{
    for (enum side side = 0; side < SIDE_COUNT; side++)
        fleet_gauges_measure(&discovery->sides[side].gauges);
}
