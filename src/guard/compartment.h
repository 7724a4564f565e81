/* A compartment: the walled-off share of the gateway that one service's reads, or its writes, may
 * use. What does not fit is refused at once and cannot slow another compartment.
 *
 * Every permit is returned exactly once. Pure; one per loop, with its part of the process's limit.
 */
#ifndef GUARD_COMPARTMENT_H
#define GUARD_COMPARTMENT_H

#include "base/status.h"

struct compartment {
    unsigned limit; /* in flight at once */
    unsigned in_flight;
};

/* STATUS_OK with a permit, or QUEUE_FULL. */
enum status compartment_admit(struct compartment *compartment) must_check;
void compartment_release(struct compartment *compartment);

/* The part of a process-wide limit that one of `loops` loops may use: at least 1. */
unsigned compartment_share(unsigned limit, unsigned loops);

#endif
