/* What a request comes to be for the servers behind: the same for each that is asked. */
#ifndef ROLE_GATEWAY_FORWARD_QUESTION_H
#define ROLE_GATEWAY_FORWARD_QUESTION_H

#include "base/ident.h"
#include "io/http/http_server.h"
#include "model/model.h"

/* Lifetime: a request's; free it once. */
struct question {
    const char *method; /* a literal */
    struct buf target, headers, body;
    char our_key[UUID_TEXT_SIZE]; /* its Idempotency-Key, where the client gave none */
    bool is_fresh;                /* it has a Read-After */
};

/* Everything is copied: a client may leave before his write is done. */
void question_init(struct question *question, const struct http_request *request,
                   struct str target);

/* With a key a write may be asked for again, and is done once: one that comes without gets one. */
void question_give_key(struct question *question, const struct http_request *request);

/* What the client says that it has seen: itself, or with `has_cookie` in a cookie of the service.
 */
void question_take_seen(struct question *question, struct http_request *request,
                        const struct service *service, bool has_cookie);

void question_free(struct question *question);

#endif
