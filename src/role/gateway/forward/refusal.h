/* What the gateway itself refuses: the answer, a line of the log where something has failed, and
 * the count of it by reason, which equals what clients saw. */
#ifndef ROLE_GATEWAY_FORWARD_REFUSAL_H
#define ROLE_GATEWAY_FORWARD_REFUSAL_H

#include "io/http/http_server.h"
#include "role/gateway/view/traffic.h"

struct refusals; /* lifetime: a loop's */

struct refusals *refusals_new(struct traffic *traffic);

/* Who was refused: a request that came to this compartment. */
struct refused {
    const struct service *service;
    enum side side;
    bool is_old; /* it came by a path of the former system, and is refused in its shape */
    int64_t
        retry_after; /* seconds after which it may help to come again; 0: as the status has it */
};

void refusal_answer(struct refusals *refusals, struct http_request *request, enum status status,
                    const struct refused *refused);

#endif
