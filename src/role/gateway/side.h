/* The two sides of a service, and what its compartments are called wherever people and metrics read
 * it. */
#ifndef ROLE_GATEWAY_SIDE_H
#define ROLE_GATEWAY_SIDE_H

#include "model/model.h"

enum side { SIDE_READS, SIDE_WRITES, SIDE_COUNT };

static inline const char *side_name(enum side side)
{
    return side == SIDE_READS ? "reads" : "writes";
}

/* SIDE_COUNT for what is none. */
static inline enum side side_find(struct str name)
{
    enum side side = SIDE_READS;
    while (side < SIDE_COUNT && !str_equal(name, str_from(side_name(side))))
        side++;
    return side;
}

/* "<service>/<reads|writes>"; false where the model has no such compartment. */
static inline bool side_parse_compartment(const struct model *model, struct str place,
                                          const struct service **service, enum side *side)
{
    *service = model_find_service(model, str_cut(&place, '/'));
    *side = side_find(place);
    return *service != NULL && *side != SIDE_COUNT;
}

#endif
