/* Answers that every role gives: JSON, problems, refused methods. */
#ifndef ROLE_HTTP_ANSWER_H
#define ROLE_HTTP_ANSWER_H

#include "base/json.h"
#include "base/problem.h"
#include "io/http/http_server.h"
#include "role/http/route.h"

/* The document alone; `error`, where it is not NULL, is a member of its own in front. */
void answer_write_problem(const struct problem *problem, const char *error, struct buf *out);

void answer_json(struct http_request *request, int http, struct str json);

/* application/problem+json, with Retry-After where waiting helps. The problem stays the caller's.
 */
void answer_problem(struct http_request *request, const struct problem *problem);

/* The same with the members of `object`, a JSON object, behind its own; empty: none. */
void answer_problem_with(struct http_request *request, const struct problem *problem,
                         struct str object);

/* A problem of a status and a sentence; NULL: the status's own. */
void answer_status(struct http_request *request, enum status status, const char *detail);

/* The same bodies with an "error" member in front, as the old paths have them; the HTTP status is
 * 400 where the problem's is 422, which they do not know. `error` NULL: the problem's detail;
 * `allow` NULL unless the method was the mistake. */
void answer_old_problem(struct http_request *request, const struct problem *problem,
                        const char *error, const char *allow);

/* Is the method in a list like "GET, HEAD"? */
bool answer_is_among(struct str method, const char *methods);

/* True when the method is among `methods` ("GET, HEAD"); else it has answered 405 with Allow. */
bool answer_allows(struct http_request *request, const char *methods) must_check;

/* Finds the route of a request and sees that its method is allowed there; `methods` says what the
 * role does with each part, NULL: nothing. False: it has answered 404, 400, 403 or 405. */
bool answer_routes(struct http_request *request, const struct model *model,
                   const char *const methods[ROUTE_PART_COUNT], struct route *out) must_check;

/* Does the request show the cluster key? NULL: none is needed. */
bool answer_shows_key(const struct http_request *request, const char *key);

/* The same, but it has answered 401 when it returns false. */
bool answer_is_trusted(struct http_request *request, const char *key) must_check;

#endif
