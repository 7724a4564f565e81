/* What came to each compartment and what became of it, counted for /metrics and
 * GET /bulkhead/services/: every request once, when it is answered, by whoever answers it. */
#ifndef ROLE_GATEWAY_VIEW_TRAFFIC_H
#define ROLE_GATEWAY_VIEW_TRAFFIC_H

#include "base/metric.h"
#include "base/status.h"
#include "role/gateway/switch/toggle.h"

/* Lifetime: the process's. Any thread may count; nothing is locked. */
struct traffic;

struct traffic *traffic_new(const struct model *model, struct metrics *metrics);

/* What its client got: a server's answer, or the gateway's refusal, which is also counted by its
 * reason. One that was refused before it came to a compartment has no service: NULL. */
void traffic_count_answer(struct traffic *traffic, const struct service *service, enum side side,
                          int http);
void traffic_count_refusal(struct traffic *traffic, const struct service *service, enum side side,
                           enum status status);

/* A second try of a request: after the first one failed, or beside it. */
enum traffic_extra { TRAFFIC_RETRY, TRAFFIC_HEDGE, TRAFFIC_EXTRA_COUNT };
void traffic_count_extra(struct traffic *traffic, const struct service *service, enum side side,
                         enum traffic_extra extra);

/* Members of a JSON object: requests, retries, hedges, refusals by reason. */
void traffic_write_members(const struct traffic *traffic, const struct service *service,
                           enum side side, struct buf *out);

#endif
