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

void offer_json(struct http_request *request, struct str tag, struct str json)
{
    struct str known = http_request_header(request, STR("if-none-match"));
    struct str codings = http_request_header(request, STR("accept-encoding"));
    bool is_gzipped = http_coding_is_worth(json.len) && http_coding_prefers_gzip(codings);
    struct buf etag = {0};
    buf_printf(&etag, "\"" STR_FMT "%s\"", STR_ARG(tag), is_gzipped ? offer_gzip_suffix : "");
    bool is_known = http_tag_is_among(known, buf_str(&etag));
    reply(request, buf_str(&etag), is_known ? NULL : &json, is_gzipped);
    buf_free(&etag);
}

void offer_json_by_content(struct http_request *request, struct str json)
{
    enum { TAG_LENGTH = 16 }; /* 64 bits */
    uint8_t digest[DIGEST_SIZE];
    char text[DIGEST_TEXT_SIZE];
    digest_sha256(&json, 1, digest);
    digest_format(digest, text);
    offer_json(request, (struct str){text, TAG_LENGTH}, json);
}
