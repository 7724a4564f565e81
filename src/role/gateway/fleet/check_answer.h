/* What the answer to GET /ping tells of a server. Pure.
 *
 * Ours say it in so many words (presence/ping_answer). Of any other it is enough that it answers,
 * but for a 5xx other than 501. */
#ifndef ROLE_GATEWAY_FLEET_CHECK_ANSWER_H
#define ROLE_GATEWAY_FLEET_CHECK_ANSWER_H

#include "guard/fleet/fleet.h"
#include "io/http/http_client.h"

struct check_finding {
    enum fleet_verdict verdict;
    bool has_other_role; /* it is one of ours, but not of the role that was looked for */
    int64_t lag_ms;      /* -1: it said nothing of that */
};

struct check_finding check_answer_read(const struct http_outcome *outcome, const char *role);

#endif
