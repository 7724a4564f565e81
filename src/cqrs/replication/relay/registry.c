#include "cqrs/replication/relay/registry.h"

static struct registry_replica *find_or_add(struct registry *registry, struct str name)
{
    for (size_t i = 0; i < registry->count; i++)
        if (str_equal(str_from(registry->replicas[i].name), name))
            return &registry->replicas[i];
    if (registry->count == REGISTRY_MAX)
        return NULL;
    struct registry_replica *added = &registry->replicas[registry->count++];
    *added = (struct registry_replica){0};
    memcpy(added->name, name.ptr, name.len);
    return added;
}

void registry_hear(struct registry *registry, struct str name, struct str report, struct str epoch,
                   msec_t now)
{
    struct position position;
    struct str rest = report;
    if (name.len == 0 || name.len >= REGISTRY_NAME_SIZE || report.len >= REGISTRY_REPORT_SIZE ||
        !str_is_utf8(name) || !str_is_utf8(report) /* nor NUL, which would end them early */ ||
        !position_parse(str_cut(&rest, ' '), &position) || !str_equal(str_cut(&rest, ' '), epoch))
        return;
    struct registry_replica *replica = find_or_add(registry, name);
    if (replica == NULL || str_equal(str_from(replica->report), report))
        return;
    memcpy(replica->report, report.ptr, report.len);
    replica->report[report.len] = '\0';
    replica->position = position;
    replica->heard_at = now;
}

const char *registry_drop_silent(struct registry *registry, msec_t now, msec_t retention)
{
    for (size_t i = 0; i < registry->count; i++) {
        if (now - registry->replicas[i].heard_at <= retention)
            continue;
        struct registry_replica gone = registry->replicas[i];
        registry->count--;
        registry->replicas[i] = registry->replicas[registry->count];
        registry->replicas[registry->count] = gone; /* keeps the name for the caller */
        return registry->replicas[registry->count].name;
    }
    return NULL;
}

bool registry_slowest(const struct registry *registry, struct position *out)
{
    for (size_t i = 0; i < registry->count; i++)
        if (i == 0 || position_compare(registry->replicas[i].position, *out) < 0)
            *out = registry->replicas[i].position;
    return registry->count > 0;
}
