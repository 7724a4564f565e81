/* The clients of GET /v1/<service>/events on one loop of a read server (text/event-stream).
 *
 *   handle → retry, id → event … or a heartbeat … → dropped: slow, draining
 *
 * Each is a place in its service's ring and one write under way. What a write is made of are the
 * ring's own events, shared by all clients. */
#ifndef ROLE_LIVE_LIVE_DESK_H
#define ROLE_LIVE_LIVE_DESK_H

#include "role/app.h"

struct live_desk;

struct live_desk *live_desk_new(struct app *app);

/* Answers the request, for long. */
void live_desk_handle(struct live_desk *desk, struct http_request *request,
                      const struct service *service);

/* Ends all streams; their clients go on elsewhere, from where they were. */
void live_desk_drain(struct live_desk *desk);

/* The feeds of the process, one for each service. */
struct live_feed **live_feeds_new(struct process *process);
void live_feeds_start(const struct process *process);

#endif
