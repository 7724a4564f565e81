#include "role/gateway/fleet/roster.h"

#include <pthread.h>

/* By name, each once. */
struct set {
    struct roster_found found[FLEET_MAX];
    size_t count;
};

struct roster {
    struct fleet *fleet;
    pthread_mutex_t lock;
    struct set *sources;
    size_t source_count;
    struct set members;
    int indexes[FLEET_MAX]; /* of the members, in the fleet */
};

struct roster *roster_new(struct fleet *fleet, size_t sources)
{
    struct roster *roster = mem_new(1, sizeof(*roster));
    roster->fleet = fleet;
    roster->sources = mem_new(sources, sizeof(struct set));
    roster->source_count = sources;
    pthread_mutex_init(&roster->lock, NULL);
    return roster;
}

static struct roster_found *find(struct set *set, const char *name)
{
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->found[i].name, name) == 0)
            return &set->found[i];
    return NULL;
}

/* False when there is no room. */
static bool add(struct set *set, const struct roster_found *found)
{
    if (set->count == FLEET_MAX)
        return false;
    set->found[set->count++] = *found;
    return true;
}

/* Adds the services of one that is there already. */
static bool merge(struct set *set, const struct roster_found *found)
{
    struct roster_found *there = find(set, found->name);
    if (there != NULL)
        there->services |= found->services;
    return there != NULL || found->services == 0 || add(set, found);
}

/* All that the sources name; false when that is too many. */
static bool unite(const struct roster *roster, struct set *out)
{
    const struct set *registered = &roster->sources[ROSTER_REGISTERED];
    bool fits = true;
    out->count = 0;
    for (size_t s = 0; s < roster->source_count; s++)
        for (size_t i = 0; s != ROSTER_REGISTERED && i < roster->sources[s].count; i++)
            fits = merge(out, &roster->sources[s].found[i]) && fits;
    for (size_t i = 0; i < registered->count; i++)
        if (find(out, registered->found[i].name) == NULL)
            fits = merge(out, &registered->found[i]) && fits;
    return fits;
}

static void leave(struct roster *roster, struct set *wanted, msec_t now)
{
    struct set *members = &roster->members;
    size_t kept = 0;
    for (size_t i = 0; i < members->count; i++) {
        if (find(wanted, members->found[i].name) == NULL) {
            fleet_leave(roster->fleet, roster->indexes[i], now);
            continue;
        }
        members->found[kept] = members->found[i];
        roster->indexes[kept++] = roster->indexes[i];
    }
    members->count = kept;
}

/* False when the fleet has no place for it. */
static bool join(struct roster *roster, const struct roster_found *wanted, msec_t now)
{
    struct roster_found *member = find(&roster->members, wanted->name);
    if (member != NULL && member->services == wanted->services)
        return true;
    enum fleet_state state = FLEET_NEW;
    if (member != NULL) { /* with other services another server, to whoever watches the fleet */
        int place = roster->indexes[member - roster->members.found];
        state = fleet_state(roster->fleet, place);
        fleet_leave(roster->fleet, place, now);
    }
    int index = fleet_join(roster->fleet, str_from(wanted->name), wanted->services, state, now);
    if (member != NULL) {
        member->services = wanted->services;
    } else if (index != FLEET_NONE) {
        roster->indexes[roster->members.count] = index;
        roster->members.found[roster->members.count++] = *wanted;
    }
    return index != FLEET_NONE;
}

bool roster_set(struct roster *roster, size_t source, const struct roster_found *found,
                size_t count, msec_t now)
{
    struct set wanted;
    pthread_mutex_lock(&roster->lock);
    struct set *named = &roster->sources[source];
    bool fits = true;
    named->count = 0;
    for (size_t i = 0; i < count; i++)
        fits = merge(named, &found[i]) && fits;
    fits = unite(roster, &wanted) && fits;
    leave(roster, &wanted, now);
    for (size_t i = 0; i < wanted.count; i++)
        fits = join(roster, &wanted.found[i], now) && fits;
    pthread_mutex_unlock(&roster->lock);
    return fits;
}
