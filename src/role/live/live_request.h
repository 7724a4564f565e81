/* What a client asks of GET /v1/<service>/events: which events, and behind which. */
#ifndef ROLE_LIVE_LIVE_REQUEST_H
#define ROLE_LIVE_LIVE_REQUEST_H

#include "base/problem.h"
#include "cqrs/replication/live/live_ring.h"

/* Lifetime: a request's. Free it once. */
struct live_request {
    struct live_filter filter;
    struct buf last_event_id; /* empty: only what comes */
};

/* Reads the query, collection=a,b&type=c,d&last_event_id=…, and the Last-Event-ID header, which
 * wins: a browser repeats the URL that it began with. False with `problem` set. */
bool live_request_parse(const struct service *service, struct str query, struct str header,
                        struct live_request *out, struct problem *problem) must_check;

void live_request_free(struct live_request *request);

#endif
