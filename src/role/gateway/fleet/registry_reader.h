/* A thread that reads in Redis, twice a second, who announced itself there (presence/announcement):
 *
 *   index, newest first → the announcement of each → (what is none is left out) → the rosters
 *
 * While Redis is away the last set stays. */
#ifndef ROLE_GATEWAY_FLEET_REGISTRY_READER_H
#define ROLE_GATEWAY_FLEET_REGISTRY_READER_H

#include "model/model.h"
#include "role/gateway/fleet/roster.h"
#include "role/gateway/switch/toggle.h"

struct registry_reader_options {
    const char *redis_url;
    const struct model *model;
    struct roster *rosters[SIDE_COUNT];
    uint64_t services[SIDE_COUNT]; /* that who registered may serve */
};

struct registry_reader; /* lifetime: the process's */

struct registry_reader *registry_reader_new(const struct registry_reader_options *options);
void registry_reader_start(struct registry_reader *reader);

/* Has Redis been asked once? */
bool registry_reader_has_looked(const struct registry_reader *reader);

/* "starting", "following" or "away", for people. */
const char *registry_reader_state(const struct registry_reader *reader);

#endif
