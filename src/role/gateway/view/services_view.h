/* GET /bulkhead/services/: what every compartment is and does, for those who look after it:
 *
 *   {"<service>":{"reads":{"enabled":true, …, "in_flight":3, "waiting":0, "limit":384, "queue":768,
 *     "requests":91, "retries":1, "hedges":0, "refusals":{"queue_full":2}, "p50_ms":1.2,
 *     "p95_ms":4.8, "servers":[…]}, "writes":{…}}, …}
 *
 * A member that is null is not known of late. Counts are since start, of this gateway. */
#ifndef ROLE_GATEWAY_VIEW_SERVICES_VIEW_H
#define ROLE_GATEWAY_VIEW_SERVICES_VIEW_H

#include "role/app.h"

/* request->arg is the app. */
void services_view_handle(struct http_request *request);

void services_view_write(const struct process *process, struct buf *out);

#endif
