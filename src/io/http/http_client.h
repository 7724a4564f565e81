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
#include "io/loop.h"

struct http_peer; /* one server, as one loop sees it */

/* `place` is "host:port" or "[v6]:port"; a name is looked up now, which blocks. NULL with a
 * sentence in `mistake` where it is neither. Peers live as long as their loop. */
struct http_peer *http_peer_open(struct loop *loop, struct str place, char *mistake,
                                 size_t mistake_size);

/* As it was given. */
const char *http_peer_name(const struct http_peer *peer);

/* h2o's own socket on its way there, for io/http; NULL when there is no descriptor left. */
struct st_h2o_socket_t;
typedef void http_connected_fn(struct st_h2o_socket_t *socket, const char *error);
struct st_h2o_socket_t *http_peer_connect(struct http_peer *peer, http_connected_fn *connected);
struct loop *http_peer_loop(const struct http_peer *peer);

struct http_call_options {
    struct str method;
    struct str target;  /* path and query */
    struct str headers; /* further header lines, each with its CR LF */
    struct str body;    /* not sent with GET */
    msec_t connect_ms, total_ms;
};

/* `head` and `body` are only there when `status` is OK, and only until the callback returns. */
struct http_outcome {
    enum status status;
    struct http_answer_head head;
    struct str body;
};
typedef void http_done_fn(void *arg, const struct http_outcome *outcome);

/* Everything in `options` is copied. `done` comes once, later. An answer must say its length, but
 * a 304 has no body. */
void http_call(struct http_peer *peer, const struct http_call_options *options, http_done_fn *done,
               void *arg);

/* The same for a thread that has nothing else to do: turns the peer's loop until `done` was
 * called. */
void http_call_and_wait(struct http_peer *peer, const struct http_call_options *options,
                        http_done_fn *done, void *arg);

#endif
