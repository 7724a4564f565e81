#include "role/gateway/fleet/resolver.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "cqrs/replication/background.h"
#include "io/http/http_resolve.h"

struct name {
    struct resolver_entry entry;
    bool has_failed; /* and that was said */
};

struct resolver {
    struct background background;
    msec_t period;
    struct name *names;
    size_t count;
    atomic_bool has_looked;
};

static void told_apart(struct name *name, bool has_failed, const char *why)
{
    if (has_failed && !name->has_failed)
        log_warn("gateway.unknown_server", log_str("server", name->entry.place),
                 log_text("why", why));
    if (!has_failed && name->has_failed)
        log_info("gateway.known_server", log_str("server", name->entry.place));
    name->has_failed = has_failed;
}

/* False when it cannot be looked up now. */
static bool look_up(struct name *name)
{
    const struct resolver_entry *entry = &name->entry;
    struct roster_found found[FLEET_MAX];
    struct http_places places;
    char why[256] = "a gateway has no place for so many servers";
    bool is_known = http_resolve(entry->place, &places, why, sizeof(why));
    if (is_known) {
        for (size_t i = 0; i < places.count; i++) {
            found[i].services = entry->services;
            memcpy(found[i].name, places.names[i], sizeof(found[i].name));
        }
        is_known = roster_set(entry->roster, entry->source, found, places.count, clock_monotonic());
    }
    told_apart(name, !is_known, why);
    return is_known;
}

static void round_of_resolver(struct background *background)
{
    enum { SOON_MS = 1000 };
    struct resolver *resolver = container_of(background, struct resolver, background);
    while (!background_is_stopping(background)) {
        bool are_known = true;
        for (size_t i = 0; i < resolver->count; i++)
            are_known = look_up(&resolver->names[i]) && are_known;
        atomic_store(&resolver->has_looked, true);
        background_rest(background, are_known ? resolver->period : SOON_MS);
    }
}

struct resolver *resolver_new(msec_t period)
{
    struct resolver *resolver = mem_new(1, sizeof(*resolver));
    resolver->period = period;
    return resolver;
}

void resolver_add(struct resolver *resolver, const struct resolver_entry *entry)
{
    struct name *names = mem_new(resolver->count + 1, sizeof(*names));
    if (resolver->count > 0)
        memcpy(names, resolver->names, resolver->count * sizeof(*names));
    names[resolver->count++].entry = *entry;
    free(resolver->names);
    resolver->names = names;
}

void resolver_start(struct resolver *resolver)
{
    resolver->background.name = "resolver";
    resolver->background.round = round_of_resolver;
    if (resolver->count > 0)
        background_start(&resolver->background);
    else
        atomic_store(&resolver->has_looked, true);
}

bool resolver_has_looked(const struct resolver *resolver)
{
    return atomic_load(&resolver->has_looked);
}
