/* What of a request's head goes on to the server behind, and what of its answer's to the client.
 * Both are written anew from what is known here; all else ends at the gateway, hop-by-hop fields
 * (RFC 9110, 7.6.1) and Forwarded among it.
 *
 *   passing_greet → handler → passing_write_request → … → passing_read_answer, passing_say_times
 *
 * request->arg is the app. */
#ifndef ROLE_GATEWAY_PASSING_H
#define ROLE_GATEWAY_PASSING_H

#include "io/http/http_head.h"
#include "io/http/http_server.h"
#include "role/gateway/caller/client_address.h"

/* Names a request before its head is judged: request->id, which its answer carries as X-Request-Id,
 * a refusal too. Until the answer, also of one whose client has left. */
void passing_greet(struct http_request *request);

/* Does its Via say that it came through a gateway of ours? */
bool passing_has_been_here(const struct http_request *request);

/* Who asks, as far as TRUSTED_PROXIES are believed. */
struct client_address passing_client(const struct http_request *request);

/* Appends header lines, each with its CR LF: what passes of the client's, and what the gateway
 * says: X-Request-Id, traceparent, X-Forwarded-For and -Proto, Via. To be called before the
 * handler returns. The trace's span is the whole request, so every try has the same lines. */
void passing_write_request(const struct http_request *request, struct buf *out);

/* Status and headers; they borrow from `head`. The body is the caller's. */
void passing_read_answer(const struct http_answer_head *head, struct http_response *response);

/* The Via of an answer. */
extern const struct str passing_via;

/* In microseconds (clock_monotonic_us). The last try's alone; a queue of 0 is not said. */
struct passing_times {
    int64_t gateway, upstream, queue;
};

/* Adds Server-Timing to the answer, whatever that will be. */
void passing_say_times(struct http_request *request, const struct passing_times *times);

#endif
