/* Finds the servers behind a gateway, has them watched, and fills both fleets with them.
 *
 *   READ_SERVERS, WRITE_SERVERS ─┬ addresses ───────────────┐
 *                                └ names ── resolver ───────┤
 *   Redis ── registry_reader ── registered ─────────────────┴→ roster → guard/fleet ← monitor */
#ifndef ROLE_GATEWAY_FLEET_DISCOVERY_H
#define ROLE_GATEWAY_FLEET_DISCOVERY_H

#include "role/app.h"

struct discovery; /* lifetime: the process's */

/* Whoever is listed by address has joined, so the fleets' watches are hung in before. Ends the
 * process, saying why, when a list names a service that no model has. */
struct discovery *discovery_new(struct process *process);

/* Begins looking for the others, and checking all. */
void discovery_start(struct discovery *discovery);

/* Why nothing can be passed on yet, or NULL. Any thread. */
const char *discovery_unready(struct discovery *discovery);

/* Members for /statusz: every server with its state, and how it stands with Redis. */
void discovery_write_status(const struct discovery *discovery, struct buf *out);

/* Brings the gauges up to now. */
void discovery_measure(struct discovery *discovery);

#endif
