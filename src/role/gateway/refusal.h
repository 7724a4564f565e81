/* What the gateway itself refuses: the answer, and the count of it by reason, which equals what
 * clients saw. */
#ifndef ROLE_GATEWAY_REFUSAL_H
#define ROLE_GATEWAY_REFUSAL_H

#include "base/metric.h"
#include "io/http/http_server.h"
#include "role/gateway/switch/toggle.h"

struct refusals; /* lifetime: a loop's */

struct refusals *refusals_new(struct metrics *metrics);

/* `old_side`: the request came by a path of the former system, and asked this side; else NULL. */
void refusal_answer(struct refusals *refusals, struct http_request *request, enum status status,
                    const enum side *old_side);

#endif
