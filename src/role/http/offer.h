/* 200 with JSON that the client may have already, or may want smaller (RFC 9110, 8.8, 12.5, 13).
 *
 *   304 where If-None-Match names its tag, else the body, gzipped where Accept-Encoding likes it
 *
 * The gzipped body has a tag of its own: "<tag>-gzip". */
#ifndef ROLE_HTTP_OFFER_H
#define ROLE_HTTP_OFFER_H

#include "io/http/http_server.h"

/* `tag`, without its quotes and at most 32 characters, is another one whenever the content is: of a
 * record, its version. What a newer model adds by default is no change of a record, and leaves its
 * tag. */
void offer_json(struct http_request *request, struct str tag, struct str json);

/* The same with a tag made of the body. */
void offer_json_by_content(struct http_request *request, struct str json);

/* The tag that it makes. */
enum { OFFER_TAG_SIZE = 16 };
struct str offer_tag_of(struct str json, char room[OFFER_TAG_SIZE]);

/* As offer_json(), of a body as it goes out; `tag` is still the plain one's. */
struct offer {
    struct str tag, body;
    bool is_gzipped;
};
void offer_as_it_is(struct http_request *request, const struct offer *offer);

bool offer_prefers_gzip(const struct http_request *request);

/* What the gzipped body's tag has behind the plain one's. */
extern const char offer_gzip_suffix[];

#endif
