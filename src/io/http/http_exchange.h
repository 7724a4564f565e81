/* One request of a client and its answer, between h2o and a handler.
 *
 *   begin → (strict head) → handler → http_reply
 *                              └─ the client left → what was started for it is told
 *
 * For the .c files of this folder alone. */
#ifndef IO_HTTP_HTTP_EXCHANGE_H
#define IO_HTTP_HTTP_EXCHANGE_H

#include "base/shelf.h"
#include "io/http/http_server.h"

/* Those of one server that wait for their answer. */
struct http_exchanges {
    struct loop *loop;
    const struct http_server_options *options;
    struct list waiting;
    struct shelf shelf; /* memory for them */
};

void http_exchanges_init(struct http_exchanges *exchanges, struct loop *loop,
                         const struct http_server_options *options);

/* Has the handler answer, now or later, or refuses the head. */
void http_exchange_begin(struct http_exchanges *exchanges, struct st_h2o_req_t *req);

/* Says who answers; called before any other header is there. Told its name, h2o would print it into
 * every answer, which takes longer than all other headers. */
void http_exchange_say_server(struct st_h2o_req_t *req);

/* Finds out who has left; h2o does not look before it writes. A client that only said that it has
 * no more to send is taken to have left too. */
void http_exchange_sweep(struct http_exchanges *exchanges);

/* Writes the answer's head, without a length, counts it, and lets the request go: h2o's side is
 * the caller's, who sends the body. NULL when the client has left. */
struct st_h2o_req_t *http_exchange_take(struct http_request *request,
                                        const struct http_response *response) must_check;

#endif
