/* GET /bulkhead/incidents/?limit=&kind=&since=<id>: the latest incidents, the newest first, and
 * what every server and every group was worth since start. Whoever may see /bulkhead/status/ may
 * see it.
 *
 * request->arg is the app. */
#ifndef ROLE_GATEWAY_INCIDENT_INCIDENT_LIST_H
#define ROLE_GATEWAY_INCIDENT_INCIDENT_LIST_H

#include "io/http/http_server.h"
#include "role/gateway/incident/journal.h"

void incident_list_handle(struct http_request *request);

/* The document; `now` is monotonic and `wall` the same instant as people write it. */
struct incident_wish {
    enum incident_kind kind; /* INCIDENT_KIND_COUNT: any */
    int64_t since, limit;
};
void incident_list_write(const struct journal *journal, const struct incident_wish *wish,
                         msec_t now, int64_t wall, struct buf *out);

#endif
