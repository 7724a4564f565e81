/* The bulkhead role: the gateway that keeps every service's reads and writes in a compartment of
 * its own, and can switch each of them off. */
#ifndef ROLE_BULKHEAD_H
#define ROLE_BULKHEAD_H

#include "role/app.h"

extern const struct role role_bulkhead;

#endif
