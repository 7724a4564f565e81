/* What one loop of a bulkhead forwards with: its connections to the servers of both sides, and its
 * ends of the lines before the compartments. */
#ifndef ROLE_GATEWAY_FORWARD_FORWARDER_H
#define ROLE_GATEWAY_FORWARD_FORWARDER_H

#include "base/shelf.h"
#include "role/app.h"
#include "role/gateway/compartment/compartment.h"
#include "role/gateway/compartment/line.h"
#include "role/gateway/fleets.h"
#include "role/gateway/forward/bank.h"
#include "role/gateway/forward/refusal.h"
#include "role/gateway/gateway.h"

/* Lifetime: its loop's. */
struct forwarder {
    struct app *app;
    struct bank banks[SIDE_COUNT];
    struct line (*lines)[SIDE_COUNT]; /* by the service's place in the model */
    struct refusals *refusals;
    struct shelf shelf; /* memory for requests */
    unsigned tries;     /* so far */
    bool keeps_cookies;
};

struct forwarder *forwarder_new(struct app *app);

struct line *forwarder_line(struct forwarder *forwarder, const struct service *service,
                            enum side side);

#endif
