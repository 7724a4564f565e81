/* What of a request's head goes on to the server behind, and what of its answer's to the client.
 * All else ends at the gateway. */
#ifndef ROLE_GATEWAY_PASSING_H
#define ROLE_GATEWAY_PASSING_H

#include "io/http/http_head.h"
#include "io/http/http_server.h"

/* Appends header lines, each with its CR LF. */
void passing_write_request(const struct http_request *request, struct buf *out);

/* Status and headers; they borrow from `head`. The body is the caller's. */
void passing_read_answer(const struct http_answer_head *head, struct http_response *response);

#endif
