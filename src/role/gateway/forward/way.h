/* From server to server: which one a request asks next. For most that is its compartment's pool to
 * say; a read that must not be stale has a way of its own (guard/fleet/fresh_way.h). */
#ifndef ROLE_GATEWAY_FORWARD_WAY_H
#define ROLE_GATEWAY_FORWARD_WAY_H

#include "guard/fleet/fresh_way.h"
#include "role/gateway/switch/toggle.h"

/* Lifetime: a request's. */
struct way {
    enum side side;
    struct pool *pool;
    uint64_t asked; /* a bit for each server; since it began */
    bool is_fresh;
    struct fresh_way fresh; /* then */
};

/* Where a try goes. */
struct stop {
    int server; /* taken from the pool at `at`: to be given back there */
    struct pool *pool;
    enum side side; /* of the server */
    msec_t at;
};

void way_init(struct way *way, enum side side, struct pool *pool);

/* Of a read that must not be stale: `last_resort` is the write side's pool, or NULL, and `room`
 * how many may be there. */
void way_init_fresh(struct way *way, struct pool *pool, struct pool *last_resort,
                    struct admission *room);

/* False when no server is left. */
bool way_next(struct way *way, msec_t now, struct stop *out) must_check;

/* Is there a server that was not asked yet, and is not known to be down? */
bool way_goes_on(const struct way *way);

/* All may be asked anew. */
void way_begin_again(struct way *way);

void way_fini(struct way *way);

#endif
