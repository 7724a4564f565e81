/* What a request comes to be for the servers behind: the same for each that is asked. */
#ifndef ROLE_GATEWAY_FORWARD_QUESTION_H
#define ROLE_GATEWAY_FORWARD_QUESTION_H

#include "base/ident.h"
#include "io/http/http_server.h"
#include "model/model.h"

/* Lifetime: a request's; free it once. */
struct question {
    struct str method; /* a literal */
    struct buf text;   /* target, body, and header lines */
    size_t target_len, body_len;
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

static inline struct str question_target(const struct question *question)
{
    return (struct str){question->text.ptr, question->target_len};
}

static inline struct str question_body(const struct question *question)
{
    return (struct str){question->text.ptr + question->target_len, question->body_len};
}

static inline struct str question_headers(const struct question *question)
{
    size_t before = question->target_len + question->body_len;
    return (struct str){question->text.ptr + before, question->text.len - before};
}

void question_free(struct question *question);

#endif
