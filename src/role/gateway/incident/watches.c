#include "role/gateway/incident/watches.h"

static void note(const struct watched_fleet *watched, enum incident_kind kind, int server)
{
    struct incident incident = incident_of(kind, watched->side);
    incident.server = server;
    journal_note(watched->journal, &incident);
}

static void note_joined(const struct watched_fleet *watched, int server)
{
    const struct model *model = journal_model(watched->journal);
    struct incident incident = incident_of(INCIDENT_JOINED, watched->side);
    char name[FLEET_NAME_SIZE];
    fleet_name(watched->fleet, server, name);
    incident.server = server;
    incident_set_name(&incident, str_from(name));
    for (size_t i = 0; i < model->service_count; i++)
        if ((fleet_members(watched->fleet, UINT64_C(1) << i) >> server & 1) != 0)
            incident.services |= UINT64_C(1) << i;
    journal_note(watched->journal, &incident);
}

void incidents_note_fleet(void *arg, int index, enum fleet_state before, enum fleet_state after)
{
    static const enum incident_kind kinds[] = {
        [FLEET_ABSENT] = INCIDENT_LEFT,
        [FLEET_UP] = INCIDENT_UP,
        [FLEET_UNREADY] = INCIDENT_UNREADY,
        [FLEET_DOWN] = INCIDENT_DOWN,
    };
    const struct watched_fleet *watched = arg;
    if (before == FLEET_ABSENT)
        note_joined(watched, index);
    if (after != FLEET_NEW)
        note(watched, kinds[after], index);
}

void incidents_note_pool(void *arg, int server, enum pool_event event)
{
    static const enum incident_kind kinds[] = {
        [POOL_EJECTED] = INCIDENT_EJECTION,
        [POOL_RETURNED] = INCIDENT_RETURN,
        [POOL_FAILOVER] = INCIDENT_FAILOVER,
        [POOL_FAILBACK] = INCIDENT_FAILBACK,
    };
    const struct watched_pool *watched = arg;
    struct incident incident = incident_of(kinds[event], watched->fleet->side);
    incident.service = (int)(watched->service - journal_model(watched->fleet->journal)->services);
    incident.server = server;
    journal_note(watched->fleet->journal, &incident);
}
