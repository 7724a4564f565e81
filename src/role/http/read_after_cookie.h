/* Read-After for browsers, kept by the gateway: after a write its answer's, with the newest few
 * before it, go into a cookie; with a read the cookie becomes the header.
 *
 *   Set-Cookie: mamparo-read-after=entries/018f…@3&entries/018e…@1; Path=/v1/medical; …
 *
 * The cookie is a client's input: a malformed one is as good as none. */
#ifndef ROLE_HTTP_READ_AFTER_COOKIE_H
#define ROLE_HTTP_READ_AFTER_COOKIE_H

#include "role/http/read_after.h"

enum { READ_AFTER_KEPT = 4 };

/* What the cookie among those of a Cookie header holds; nothing where it is absent or malformed. */
void read_after_cookie_find(const struct service *service, struct str cookies,
                            struct read_after *out);

/* Puts those of `newer` before the others and keeps the first READ_AFTER_KEPT, one a record. */
void read_after_cookie_renew(struct read_after *after, const struct read_after *newer);

/* Appends the value of a Set-Cookie header, for the reads of `service`. */
void read_after_cookie_write(const struct read_after *after, const struct service *service,
                             struct buf *out);

/* The header's value that the cookie of a read comes to: appends it, or nothing. */
void read_after_cookie_take(const struct http_request *request, const struct service *service,
                            struct buf *out);

/* Sets the cookie with the answer to a command; `value` is that answer's Read-After. */
void read_after_cookie_set(struct http_request *request, const struct service *service,
                           struct str value);

#endif
