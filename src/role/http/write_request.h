/* A command out of an HTTP request: method, path, headers, body. */
#ifndef ROLE_HTTP_WRITE_REQUEST_H
#define ROLE_HTTP_WRITE_REQUEST_H

#include "cqrs/write/command.h"
#include "io/http/http_server.h"
#include "role/http/route.h"

/* POST creates under the route's id, which the caller drew; PUT replaces (or, with If-None-Match:
 * *, creates), PATCH merges, DELETE deletes. False with `problem` set and nothing to free. */
bool write_request_parse(struct http_request *request, const struct route *route,
                         struct command *out, struct problem *problem) must_check;

/* Is the body said to be JSON? False with `problem` set. */
bool write_request_type(const struct http_request *request, struct problem *problem) must_check;

/* The body as JSON: NULL with `problem` set where it is none. */
struct json *write_request_body(const struct http_request *request, struct problem *problem);

/* Of a command whose collection is known: actor, trace, correlation and Idempotency-Key out of the
 * headers, copied. False with `problem` set. */
bool write_request_origin(const struct http_request *request, struct command *command,
                          struct problem *problem) must_check;

#endif
