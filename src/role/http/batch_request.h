/* A batch out of an HTTP request: POST …/batch[?atomic=true|false] with an array. An object without
 * "id" is a creation; one with it is a patch of that record, which must have the "version" that
 * stands beside it, where one does. */
#ifndef ROLE_HTTP_BATCH_REQUEST_H
#define ROLE_HTTP_BATCH_REQUEST_H

#include "cqrs/write/write_batch.h"
#include "io/http/http_server.h"
#include "role/http/route.h"

/* A member that is malformed is refused within the batch. False with `problem` set, and nothing to
 * free, where the request as a whole is wrong. */
bool batch_request_parse(struct http_request *request, const struct route *route,
                         struct ident_well *idents, struct batch *out,
                         struct problem *problem) must_check;

/* Answers 200 with the outcomes; a batch that stored nothing with the problem, and the outcomes
 * beside it where there are some. */
void batch_request_answer(struct http_request *request, const struct collection *collection,
                          const struct batch_answer *answer);

#endif
