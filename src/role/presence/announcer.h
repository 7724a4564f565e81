/* A server says in Redis that it is there, for gateways to find it.
 *
 *   it is ready → announce, every 500 to 1000 ms → it drains → withdraw
 *
 * A thread of the read and write roles. Redis away changes nothing but that: what was said there
 * expires, gateways keep whom they knew, and it is said again as soon as Redis is back. */
#ifndef ROLE_PRESENCE_ANNOUNCER_H
#define ROLE_PRESENCE_ANNOUNCER_H

#include "role/app.h"

struct announcer; /* lifetime: the process's */

/* NULL where ANNOUNCE is "off". To be called when role->unready may be. */
struct announcer *announcer_start(struct process *process);

/* Withdraws, where Redis is there; NULL may be passed. */
void announcer_stop(struct announcer *announcer);

#endif
