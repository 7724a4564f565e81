/* What a client has seen: the versions that whoever answers its reads must have applied.
 *
 *   Read-After: entries/018f3e7c-…@3, reports/018f3e7d-…@1
 *
 * A write's answer carries one; a client echoes it, or the gateway keeps the newest few for it in a
 * cookie. All of it is a client's input. */
#ifndef ROLE_HTTP_READ_AFTER_H
#define ROLE_HTTP_READ_AFTER_H

#include "base/problem.h"
#include "cqrs/applied_store.h"
#include "io/http/http_server.h"
#include "model/model.h"

enum { READ_AFTER_MAX = 8 };

struct read_after {
    struct read_token tokens[READ_AFTER_MAX];
    size_t count;
};

/* The header's value, of collections of `service`. False with `problem` set, BAD_REQUEST. */
bool read_after_parse(const struct service *service, struct str value, struct read_after *out,
                      struct problem *problem) must_check;

/* 1 to READ_AFTER_MAX of them between separators, as a header or a cookie has them; strict. */
bool read_after_split(const struct service *service, struct str text, char separator,
                      struct read_after *out) must_check;

/* Appends them, with `separator` between. */
void read_after_join(const struct read_after *after, const char *separator, struct buf *out);

/* Says with the answer to a command what a read must name that is to see it. */
void read_after_say(struct http_request *request, const struct read_token *token);

#endif
