#include "role/http/offer.h"

#include "base/digest.h"
#include "io/http/http_coding.h"
#include "io/http/http_tag.h"

const char offer_gzip_suffix[] = "-gzip";

/* `body` is NULL where the client has it. */
static void reply(struct http_request *request, struct str etag, const struct str *body,
                  bool is_gzipped)
{
    struct http_response response = {.status = 304, .headers = {{"etag", etag}}};
    struct http_header *header = &response.headers[1];
    *header++ = (struct http_header){"vary", STR("accept-encoding")};
    if (body != NULL) {
        response.status = 200;
        response.body = *body;
        *header++ = (struct http_header){"content-type", STR("application/json")};
    }
    if (body != NULL && is_gzipped)
        *header++ = (struct http_header){"content-encoding", STR("gzip")};
    http_reply(request, &response);
}

enum { ETAG_SIZE = 48 };

/* In its quotes, as it is sent. */
static struct str quote(struct str tag, const char *suffix, char room[ETAG_SIZE])
{
    size_t suffix_len = strlen(suffix);
    assert(tag.len + suffix_len + 2 <= ETAG_SIZE);
    char *end = room;
    *end++ = '"';
    end = mempcpy(end, tag.ptr, tag.len);
    end = mempcpy(end, suffix, suffix_len);
    *end++ = '"';
    return (struct str){room, (size_t)(end - room)};
}

static bool is_known(const struct http_request *request, struct str etag)
{
    return http_tag_is_among(http_request_header(request, STR("if-none-match")), etag);
}

bool offer_prefers_gzip(const struct http_request *request)
{
    return http_coding_prefers_gzip(http_request_header(request, STR("accept-encoding")));
}

void offer_as_it_is(struct http_request *request, const struct offer *offer)
{
    char room[ETAG_SIZE];
    struct str etag = quote(offer->tag, offer->is_gzipped ? offer_gzip_suffix : "", room);
    reply(request, etag, is_known(request, etag) ? NULL : &offer->body, offer->is_gzipped);
}

void offer_json(struct http_request *request, struct str tag, struct str json)
{
    char room[ETAG_SIZE];
    struct buf packed = {0};
    struct str body = json;
    bool is_gzipped = http_coding_is_worth(json.len) && offer_prefers_gzip(request);
    struct str etag = quote(tag, is_gzipped ? offer_gzip_suffix : "", room);
    bool has_it = is_known(request, etag);
    if (is_gzipped && !has_it) {
        http_coding_gzip(json, &packed);
        body = buf_str(&packed);
    }
    reply(request, etag, has_it ? NULL : &body, is_gzipped);
    buf_free(&packed);
}

/* 64 bits are enough for one address. */
struct str offer_tag_of(struct str json, char room[OFFER_TAG_SIZE])
{
    uint8_t digest[DIGEST_SIZE];
    char text[DIGEST_TEXT_SIZE];
    digest_sha256(&json, 1, digest);
    digest_format(digest, text);
    memcpy(room, text, OFFER_TAG_SIZE);
    return (struct str){room, OFFER_TAG_SIZE};
}

void offer_json_by_content(struct http_request *request, struct str json)
{
    char room[OFFER_TAG_SIZE];
    offer_json(request, offer_tag_of(json, room), json);
}
