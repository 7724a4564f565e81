/* How a request changes hands between the files that answer it. */
#ifndef IO_HTTP_HTTP_EXCHANGE_H
#define IO_HTTP_HTTP_EXCHANGE_H

#include "io/http/http_server.h"

struct st_h2o_req_t; /* h2o's own */

/* Ours, behind the public part. h2o may drop its side first, when the connection breaks. */
struct exchange {
    struct http_request request;
    struct http_server *server;
    struct st_h2o_req_t *native; /* NULL once h2o has dropped it */
    struct exchange **link;      /* h2o's way back here */
    bool closes;                 /* the connection, whatever the answer */
};

/* Writes the answer's head, without a length, counts it, and lets the request go: h2o's side is
 * the caller's, who sends the body. NULL when the client has left. */
struct st_h2o_req_t *http_exchange_take(struct http_request *request,
                                        const struct http_response *response) must_check;

#endif
