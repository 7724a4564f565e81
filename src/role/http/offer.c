#include "role/http/offer.h"

#include "base/digest.h"
#include "io/http/http_coding.h"
#include "io/http/http_tag.h"

const char offer_gzip_suffix[] = "-gzip";

static void reply(struct http_request *request, struct str tag, const struct str *json,
                  bool is_gzipped)
{
    struct buf packed = {0};
    struct http_response response = {.status = 304, .headers = {{"etag", tag}}};
    struct http_header *header = &response.headers[1];
    *header++ = (struct http_header){"vary", STR("accept-encoding")};
    if (json != NULL) {
        response.status = 200;
        response.body = *json;
        *header++ = (struct http_header){"content-type", STR("application/json")};
    }
    if (json != NULL && is_gzipped) {
        http_coding_gzip(*json, &packed);
        response.body = buf_str(&packed);
        *header++ = (struct http_header){"content-encoding", STR("gzip")};
    }
    http_reply(request, &response);
    buf_free(&packed);
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

void offer_json(struct http_request *request, struct str tag, struct str json)
{
    struct str known = http_request_header(request, STR("if-none-match"));
    struct str codings = http_request_header(request, STR("accept-encoding"));
    bool is_gzipped = http_coding_is_worth(json.len) && http_coding_prefers_gzip(codings);
    char room[ETAG_SIZE];
    struct str etag = quote(tag, is_gzipped ? offer_gzip_suffix : "", room);
    reply(request, etag, http_tag_is_among(known, etag) ? NULL : &json, is_gzipped);
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
