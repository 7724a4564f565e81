/* Holds a read back until this replica has applied what its Read-After names.
 *
 *   pass → (no Read-After) → serve
 *        → ask the database → it has it → serve
 *              ↑            → not yet → wait until this process has applied more, or a moment ─┐
 *              └───────────────────────────────────────────────────────────────────────────────┘
 *                           → READ_AFTER_MS are over → refuse: too_stale
 *
 * The database that is asked is the one that the read then asks, in this order. */
#ifndef ROLE_READ_GATE_H
#define ROLE_READ_GATE_H

#include "role/app.h"
#include "role/http/route.h"

/* How a kind of read goes on behind the gate. */
struct read_gate_way {
    void (*serve)(struct http_request *request, const struct route *route);
    void (*refuse)(struct http_request *request, const struct route *route,
                   const struct problem *problem);
};

/* One loop's. */
struct read_gate *read_gate_new(struct app *app);

/* Takes the request: one of the two is called with it, now or later. `way` is a literal. */
void read_gate_pass(struct read_gate *gate, struct http_request *request, const struct route *route,
                    const struct read_gate_way *way);

#endif
