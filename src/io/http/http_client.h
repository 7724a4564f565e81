/* HTTP/1.1 calls to one server, over connections that are kept.
 *
 *   http_call → (an idle connection, or connect → on_connected) → write → on_answer_bytes → done
 *
 * Says exactly what is known of a call that failed: NO_SERVER means that nothing was sent, so that
 * anything may be sent elsewhere; UPSTREAM_FAILED and TIMEOUT mean that it may have arrived. A GET
 * whose asker left (io/asker.h) is CANCELLED, and its connection closed. */
#ifndef IO_HTTP_HTTP_CLIENT_H
#define IO_HTTP_HTTP_CLIENT_H

#include "base/status.h"
#include "io/http/http_head.h"
#include "io/http/http_peer.h"

struct http_call; /* one that is under way; gone when `done` was called */
struct http_source;

struct http_call_options {
    struct str method;
    struct str target;  /* path and query */
    struct str host;    /* for the Host header; the peer's name when it is empty */
    struct str headers; /* further header lines, each with its CR LF */
    struct str body;    /* not sent with GET */
    msec_t connect_ms, total_ms;
    size_t buffer_max; /* a larger body is not waited for; 0: every body is, and too large fails */
};

/* `head` and `body` are only there when `status` is OK, and only until the callback returns. With
 * `rest` the body is larger than buffer_max, and `body` empty: the rest is read from there by who
 * calls http_source_read before the callback returns (io/http/http_source.h); else it is closed. */
struct http_outcome {
    enum status status;
    struct http_answer_head
        head; /* of a chunked answer that came whole, as if it had said its length */
    struct str body;
    struct http_source *rest; /* NULL: the body came whole */
};
typedef void http_done_fn(void *arg, const struct http_outcome *outcome);

/* Everything in `options` is copied. `done` comes once, later. An answer must say its length or be
 * chunked, but a 304 has no body. */
struct http_call *http_call(struct http_peer *peer, const struct http_call_options *options,
                            http_done_fn *done, void *arg);

/* `done` comes with CANCELLED, later, and the connection is closed: whatever was asked may have
 * happened. Harmless when its end is already on its way: then that comes. */
void http_call_cancel(struct http_call *call);

/* The same as http_call for a thread that has nothing else to do: turns the peer's loop until
 * `done` was called. */
void http_call_and_wait(struct http_peer *peer, const struct http_call_options *options,
                        http_done_fn *done, void *arg);

#endif
