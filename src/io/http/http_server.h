/* An HTTP/1.1 server on one loop, over h2o, with what h2o leaves open closed: strict heads, no
 * HTTP/2, bounded bodies and connections, slow clients swept out, answers with their length, but
 * for streams (http_stream.h).
 *
 *   accept → (h2o reads head and body) → on_request → handler → http_reply → (h2o writes)
 *
 * The handler answers at once or later, exactly once. A client that left meanwhile is no concern
 * of his: what was started for it, and can be given up, ends with CANCELLED (io/asker.h). */
#ifndef IO_HTTP_HTTP_SERVER_H
#define IO_HTTP_HTTP_SERVER_H

#include "base/buf.h"
#include "base/status.h"
#include "base/str.h"
#include "io/http/http_sweep.h"
#include "io/loop.h"

struct http_server;

/* Lifetime: from the handler's call to http_reply. The texts live until the handler returns, and
 * after it until `is_gone`: what is needed whatever happens is copied. */
struct http_request {
    struct str method;
    struct str path;   /* without the query, not decoded */
    struct str query;  /* behind the '?'; ptr NULL when there is none */
    struct str target; /* both, as they came */
    struct str body;
    struct str id; /* as http_request_name gave it; as long as the request */
    void *arg;     /* the server's */
    bool is_gone;  /* the client has left: an answer goes nowhere */
};

typedef void http_handler_fn(struct http_request *request);

struct http_server_options {
    const char *address; /* numeric, of IPv4 or IPv6 */
    int port;            /* shared by the servers of several loops: SO_REUSEPORT */
    int64_t connections_max;
    int64_t body_bytes_max;
    int64_t body_budget_bytes; /* held for all requests together, about; then only small ones */
    http_handler_fn *greet; /* before the head is judged, also where it is refused; may be NULL */
    http_handler_fn *handler;
    http_refuse_fn *write_refusal; /* the connection is then closed */
    /* Told of every answer given; may be NULL. */
    void (*observe)(void *arg, int status, int64_t microseconds);
    void *arg;
};

/* Listens. NULL with a sentence in `mistake` when the address cannot be had. Servers are not
 * freed: they end with the process. */
struct http_server *http_server_open(struct loop *loop, const struct http_server_options *options,
                                     char *mistake, size_t mistake_size);

/* True when nobody listens there. With SO_REUSEPORT a second process would share the port without
 * a word. False with a sentence in `mistake`. */
bool http_server_is_free(const char *address, int port, char *mistake,
                         size_t mistake_size) must_check;

/* No new connections; the open ones close after the answer they wait for. */
void http_server_drain(struct http_server *server);

size_t http_server_connections(const struct http_server *server);

/* A header's value, by its name in lower case; {NULL, 0} when it is absent, or the client gone. As
 * long as the request's texts. */
struct str http_request_header(const struct http_request *request, struct str name);

/* One header line after the other, for `at` from 0; false behind the last, or when the client is
 * gone. Names are in lower case. */
struct http_line {
    struct str name, value;
};
bool http_request_line(const struct http_request *request, size_t at, struct http_line *out);

/* The address at the other end, of IPv6, or of IPv4 as ::ffff:a.b.c.d. False when it is gone. */
enum { HTTP_PEER_SIZE = 16 };
bool http_request_peer(const struct http_request *request, uint8_t peer[HTTP_PEER_SIZE]) must_check;

/* Calls the request so, in its answer too: X-Request-Id. Copied. */
enum { HTTP_ID_MAX = 128 };
void http_request_name(struct http_request *request, struct str id);

enum { HTTP_HEADERS_MAX = 13 };

struct http_header {
    const char *name; /* a literal, in lower case; NULL ends the list */
    struct str value;
};

struct http_response {
    int status;
    struct http_header headers[HTTP_HEADERS_MAX + 1];
    struct str body;
    int64_t length; /* of a body that is not there: a stream's, or to HEAD; -1: not known; 0: that
                       of `body` */
};

/* One more header of the answer, whatever that will be. */
void http_answer_with(struct http_request *request, const char *name, struct str value);

/* Everything is copied. The request is gone afterwards. A 304 has no body, nor its length. */
void http_reply(struct http_request *request, const struct http_response *response);

#endif
