/* A large answer on its way from a server to the client, a piece at a time: the gateway never holds
 * more of it than one.
 *
 *   passage_start → (server → piece → client) … → done
 *
 * A client whose answer breaks off sees a broken connection, never a body that looks whole. */
#ifndef ROLE_GATEWAY_FORWARD_PASSAGE_H
#define ROLE_GATEWAY_FORWARD_PASSAGE_H

#include "io/http/http_client.h"
#include "io/http/http_server.h"

/* Once, the last, later. OK: all of it went out. CANCELLED: the client left, or took none of it
 * for HTTP_SLOW_SECONDS. UPSTREAM_FAILED, TIMEOUT: the server's fault. */
typedef void passage_done_fn(void *arg, enum status status);

struct passage_options {
    struct loop *loop;
    msec_t silence_ms; /* of the server, while the client waits */
    passage_done_fn *done;
    void *arg;
};

/* Answers `request` with status and headers of `response` and the body of `rest`; to HEAD with its
 * length alone. From inside the http_done_fn that was given `rest`. The request is gone
 * afterwards. */
void passage_start(struct http_request *request, const struct http_response *response,
                   struct http_source *rest, const struct passage_options *options);

#endif
