/* The walled-off share of the gateway that one service's reads, or its writes, may use, as all
 * loops share it: who is in, what more may be tried for them, and how long answers take of late.
 *
 * Lines (line.h) are each loop's own. */
#ifndef ROLE_GATEWAY_COMPARTMENT_COMPARTMENT_H
#define ROLE_GATEWAY_COMPARTMENT_COMPARTMENT_H

#include "guard/admission.h"
#include "guard/aimd.h"
#include "guard/budget.h"
#include "guard/fleet/pool.h"
#include "guard/latency.h"
#include "role/app.h"
#include "role/gateway/switch/toggle.h"

/* Lifetime: the process's. */
struct compartment {
    struct admission admission;
    struct admission last_resort; /* of reads: at the write side */
    struct budget retries, hedges;
    struct latency latency; /* of one try */
    struct aimd adaptive;
    bool is_adaptive;
    unsigned each;   /* in flight for each server */
    int64_t queue;   /* as set: 0 is twice what may be in flight */
    atomic_uint cap; /* in flight, by the settings */
    struct metric *in_flight, *waiting, *limit;
};

struct compartments;

/* With one server on each side. */
struct compartments *compartments_new(const struct process *process);

struct compartment *compartments_find(struct compartments *compartments,
                                      const struct service *service, enum side side);

/* So many read servers serve it now: reads in flight are reckoned by their number. */
void compartments_set_readers(struct compartments *compartments, const struct service *service,
                              unsigned count);

/* One more request has come in. */
void compartment_count(struct compartment *compartment, msec_t now);

/* How long a read waits for its first server before a second one is asked too. */
msec_t compartment_hedge_after(struct compartment *compartment, msec_t now);

/* A try was answered after so long, or given up. */
void compartment_note(struct compartment *compartment, int64_t microseconds, msec_t now);

/* Seconds after which one who was refused so may come again; 0: as the status has it. `pool`: of
 * the servers that he would have been sent to. */
int64_t compartment_retry_after(struct compartment *compartment, const struct pool *pool,
                                enum status status, msec_t now);

/* Sets the gauges. */
void compartments_measure(struct compartments *compartments);

#endif
