/* Switches, one for each service's reads and one for its writes, shared by all loops. */
#ifndef ROLE_GATEWAY_SWITCH_TOGGLE_H
#define ROLE_GATEWAY_SWITCH_TOGGLE_H

#include "model/model.h"

enum side { SIDE_READS, SIDE_WRITES, SIDE_COUNT };

struct toggles; /* lifetime: the process's */

/* All on. */
struct toggles *toggles_new(const struct model *model);

bool toggles_is_on(const struct toggles *toggles, const struct service *service, enum side side);
void toggles_set(struct toggles *toggles, const struct service *service, enum side side,
                 bool is_on);

/* The other way round; returns what it is now. Two flips at once are two flips. */
bool toggles_flip(struct toggles *toggles, const struct service *service, enum side side);

#endif
