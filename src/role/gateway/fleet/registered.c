#include "role/gateway/fleet/registered.h"

bool registered_hear(struct registered *registered, const struct roster_found *found, msec_t now)
{
    size_t place = 0;
    while (place < registered->count && strcmp(registered->found[place].name, found->name) != 0)
        place++;
    if (place == FLEET_MAX)
        return false;
    if (place == registered->count)
        registered->count++;
    registered->found[place] = *found;
    registered->heard_at[place] = now;
    return true;
}

void registered_drop_silent(struct registered *registered, msec_t now)
{
    size_t kept = 0;
    for (size_t i = 0; i < registered->count; i++) {
        if (now - registered->heard_at[i] >= REGISTERED_HOLD_MS)
            continue;
        registered->found[kept] = registered->found[i];
        registered->heard_at[kept++] = registered->heard_at[i];
    }
    registered->count = kept;
}

void registered_excuse(struct registered *registered, msec_t now)
{
    for (size_t i = 0; i < registered->count; i++)
        registered->heard_at[i] = now;
}
