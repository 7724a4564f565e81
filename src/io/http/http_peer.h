/* One server, as one loop sees it, and the connections to it that are kept between calls.
 *
 *   http_peer_open → … → http_peer_close → (the last call under way ends) → gone */
#ifndef IO_HTTP_HTTP_PEER_H
#define IO_HTTP_HTTP_PEER_H

#include "base/list.h"
#include "base/shelf.h"
#include "base/str.h"
#include "io/loop.h"

struct http_peer;

/* `address` is "10.0.0.7:8000" or "[fd00::7]:8000"; a name is refused (io/http/http_resolve.h looks
 * it up). NULL with a sentence in `mistake`. */
struct http_peer *http_peer_open(struct loop *loop, struct str address, char *mistake,
                                 size_t mistake_size);

/* Nothing new is asked of it; its idle connections are closed, and its memory goes with the last
 * call under way, which ends as it will. */
void http_peer_close(struct http_peer **peer);

/* As it was given. */
const char *http_peer_name(const struct http_peer *peer);
void http_peer_set_name(struct http_peer *peer, struct str name);

struct loop *http_peer_loop(const struct http_peer *peer);

/* The rest is for the .c files of this folder alone. */

/* h2o's own socket on its way there; NULL when there is no descriptor left. */
struct st_h2o_socket_t;
typedef void http_connected_fn(struct st_h2o_socket_t *socket, const char *error);
struct st_h2o_socket_t *http_peer_connect(struct http_peer *peer, http_connected_fn *connected);

/* A call under way, from its beginning to its end. */
void http_peer_hold(struct http_peer *peer);
void http_peer_release(struct http_peer *peer);

/* Memory for calls. */
struct shelf *http_peer_shelf(struct http_peer *peer);

/* Lifetime: a connection's; its socket's data. */
struct http_connection {
    struct list link; /* while idle, of its peer */
    struct http_peer *peer;
    struct st_h2o_socket_t *socket; /* NULL: there was no descriptor left */
    struct http_call *call;         /* NULL while idle */
    bool is_writing;                /* the answer may come before the request is out */
    uint64_t idle_since;            /* by h2o's clock */
};

/* One that is on its way. */
struct http_connection *http_peer_new_connection(struct http_peer *peer, struct http_call *call,
                                                 http_connected_fn *connected);

/* One that is kept, for `call`, not reading; NULL when there is none. */
struct http_connection *http_peer_take_connection(struct http_peer *peer, struct http_call *call);

/* Idle from now on, until it is taken, too old, or no longer wanted. */
void http_peer_keep_connection(struct http_connection *connection);

/* Harmless on NULL. */
void http_peer_close_connection(struct http_connection *connection);

#endif
