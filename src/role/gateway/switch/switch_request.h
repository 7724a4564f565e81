/* What a request wants of a switch: {"enabled":false,"why":"…"}, If-Match, and who it is. */
#ifndef ROLE_GATEWAY_SWITCH_SWITCH_REQUEST_H
#define ROLE_GATEWAY_SWITCH_SWITCH_REQUEST_H

#include "base/problem.h"
#include "io/http/http_server.h"
#include "role/gateway/switch/toggle_wish.h"

/* Fills the wish but for its service and side, or says what is wrong. */
bool switch_request_parse(const struct http_request *request, struct toggle_wish *wish,
                          struct problem *problem) must_check;

/* X-Actor, or "unknown". */
bool switch_request_actor(const struct http_request *request, struct toggle_wish *wish,
                          struct problem *problem) must_check;

/* ?limit=1…1000, 100 where it does not say. */
bool switch_request_limit(const struct http_request *request, size_t *limit,
                          struct problem *problem) must_check;

#endif
