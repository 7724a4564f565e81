/* Live events through the gateway: a stream of a read server's, passed on as it comes.
 *
 *   admit (toggle, limit) → take a server → its head → its bytes … → its end, or the client's
 *
 * Streams have a limit and a pool of their own, so that they use up nothing of the reads'. While
 * the client is slow nothing is read of the server, which then drops the stream itself. A server
 * that dies ends the client's stream: the client comes back with the last id it has seen, and is
 * given another server. */
#ifndef ROLE_LIVE_LIVE_FORWARD_H
#define ROLE_LIVE_LIVE_FORWARD_H

#include "role/app.h"

struct live_gateway;

/* NULL, after logging why, when a server of the settings cannot be used. */
struct live_gateway *live_gateway_new(struct app *app);

/* Answers the request, for long. */
void live_forward_request(struct live_gateway *gateway, struct http_request *request,
                          const struct service *service);

/* Ends the streams of services whose reads are switched off: for loop_post. */
void live_gateway_obey(void *gateway);

/* Ends all streams. */
void live_gateway_drain(struct live_gateway *gateway);

#endif
