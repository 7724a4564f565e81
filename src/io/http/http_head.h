/* The strict second reading of a request's head.
 *
 * h2o's parser takes what RFC 9112 lets a sender never send: two lengths, a length beside a
 * transfer coding, folded lines, bare line feeds, absolute targets. Behind a gateway each of them
 * is a way to smuggle a request, so the raw bytes are read once more and refused. */
#ifndef IO_HTTP_HTTP_HEAD_H
#define IO_HTTP_HTTP_HEAD_H

#include "base/status.h"
#include "base/str.h"

/* STATUS_OK for a head we take; else BAD_REQUEST, METHOD_NOT_ALLOWED or LENGTH_REQUIRED, with the
 * reason in `why`. `raw` begins with the head and may hold more behind it; any bytes will do. */
enum status http_head_check(struct str raw, const char **why) must_check;

/* The status line and headers of an answer. */
struct http_answer_head {
    int status;
    int64_t content_length; /* -1: not said */
    bool is_chunked;
    bool keeps_alive;
    size_t head_bytes; /* what stands before the body */
    struct str content_type, etag, location, allow, retry_after, replayed;
    struct str replica_lag_ms, read_after, age, content_encoding, vary, link;
};

/* 1 for a whole head, 0 when more bytes are needed, -1 for what is no answer of HTTP/1, or could be
 * taken for two: as strict as with requests. The texts borrow from `raw`. */
int http_head_parse_answer(struct str raw, struct http_answer_head *out) must_check;

#endif
