#include "role/gateway/gateway.h"

#include "base/ident.h"
#include "base/log.h"
#include "guard/rate_limit.h"
#include "role/gateway/caller/client_address.h"
#include "role/gateway/compartment/compartment.h"
#include "role/gateway/fault/fault_desk.h"
#include "role/gateway/fleet/discovery.h"
#include "role/gateway/fleets.h"
#include "role/gateway/incident/journal.h"
#include "role/gateway/switch/toggle_keeper.h"
#include "role/gateway/view/traffic.h"
#include "role/live/live_forward.h"

static struct rate_limit *limit_rate(const struct settings *settings)
{
    uint64_t seed[2] = {ident_random(), ident_random()};
    int64_t burst = settings->rate_burst > 0 ? settings->rate_burst : settings->rate_limit;
    if (settings->rate_limit == 0)
        return NULL;
    return rate_limit_new((unsigned)settings->rate_limit, (unsigned)burst, seed);
}

static struct trusted_proxies *trust_proxies(const struct settings *settings)
{
    struct buf mistake = {0};
    struct trusted_proxies *proxies = mem_new(1, sizeof(*proxies));
    bool is_list = trusted_proxies_parse(settings->trusted_proxies, proxies, &mistake);
    assert(is_list); /* settings_load has seen to it */
    buf_free(&mistake);
    return proxies;
}

static void note_toggle(void *arg, const struct toggle_change *change)
{
    journal_note_toggle(arg, change->service, change->side, change->is_on, str_from(change->why));
}

/* In every loop the live events of what is switched off end. */
static void obey_toggles(void *arg, const struct toggle_change *change)
{
    struct process *process = arg;
    (void)change;
    for (unsigned i = 0; i < process->app_count; i++)
        loop_post(process->apps[i].loop, live_gateway_obey, process->apps[i].live);
}

static void on_readers_change(void *arg, int index, enum fleet_state before, enum fleet_state after)
{
    const struct process *process = arg;
    struct fleet *readers = fleets_of_side(process->gateway->fleets, SIDE_READS);
    (void)index;
    if (before != FLEET_ABSENT && after != FLEET_ABSENT)
        return;
    for (size_t i = 0; i < process->model->service_count; i++) {
        uint64_t members = fleet_members(readers, UINT64_C(1) << i);
        compartments_set_readers(process->gateway->compartments, &process->model->services[i],
                                 (unsigned)__builtin_popcountll(members));
    }
}

/* The servers come last: whoever wants to hear of them is there. */
struct gateway *gateway_new(struct process *process)
{
    const struct settings *settings = &process->settings;
    const struct model *model = process->model;
    if (model->service_count > FLEET_SERVICES_MAX) {
        log_error("gateway.too_many_services", log_number("most", FLEET_SERVICES_MAX));
        return NULL;
    }
    struct gateway *gateway = mem_new(1, sizeof(*gateway));
    process->gateway = gateway;
    gateway->journal = journal_new(model, process->metrics);
    gateway->traffic = traffic_new(model, process->metrics);
    gateway->toggles = toggles_new(model);
    gateway->trusted_proxies = trust_proxies(settings);
    gateway->rate_limit = limit_rate(settings);
    gateway->fleets = fleets_new(process);
    gateway->compartments = compartments_new(process);
    fleet_watch(fleets_of_side(gateway->fleets, SIDE_READS), on_readers_change, process);
    if (strcmp(settings->faults, "on") == 0)
        gateway->fault_desk = fault_desk_new(process);
    gateway->discovery = discovery_new(process);
    toggles_watch(gateway->toggles, note_toggle, gateway->journal);
    toggle_keeper_start(&(struct toggle_keeper_options){.toggles = gateway->toggles,
                                                        .model = model,
                                                        .redis_url = settings->redis_url,
                                                        .folder = settings->state_dir,
                                                        .metrics = process->metrics});
    return gateway;
}

void gateway_start(struct gateway *gateway, struct process *process)
{
    toggles_watch(gateway->toggles, obey_toggles, process);
    obey_toggles(process, NULL); /* what was switched off meanwhile */
    discovery_start(gateway->discovery);
}
