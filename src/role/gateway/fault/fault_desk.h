/* Faults, asked for at the admin port, with FAULTS=on and the cluster key:
 *
 *   GET    /faults/                                       all that are on
 *   GET    /faults/<service>/<reads|writes>               those of a compartment
 *   PUT    /faults/<service>/<reads|writes>[?server=]     {"latency_ms", "error", "drop", "for_s"}
 *   DELETE likewise                                       ends it
 *
 * Each begins and ends with an incident; one whose time is over ends within a second of it. */
#ifndef ROLE_GATEWAY_FAULT_FAULT_DESK_H
#define ROLE_GATEWAY_FAULT_FAULT_DESK_H

#include "guard/faults.h"
#include "io/http/http_server.h"

struct process;

/* Lifetime: the process's, whose fault_desk it is, or NULL with FAULTS=off. */
struct fault_desk;

struct fault_desk *fault_desk_new(struct process *process);

struct faults *fault_desk_faults(const struct fault_desk *desk);

/* request->arg is the process. False, without an answer, for another path. */
bool fault_desk_handle(struct http_request *request) must_check;

#endif
