/* An answer without an end of its own, sent in pieces as they come.
 *
 *   http_stream_start → http_stream_write → on_ready → write … → http_stream_end → on_gone
 *
 * One write at a time: whoever has more waits for on_ready, so nothing is ever buffered here. A
 * client that takes a write for more than HTTP_SLOW_SECONDS is swept out. The connection ends with
 * the stream, unless its length was said. */
#ifndef IO_HTTP_HTTP_STREAM_H
#define IO_HTTP_HTTP_STREAM_H

#include "io/http/http_server.h"

struct http_stream;

struct http_stream_events {
    void (*on_ready)(void *arg); /* the last write is out */
    /* Once, and the last: the client has left, was swept out, or has got the end. The stream and
     * what was lent to it are the caller's again. Never from inside a call of ours. */
    void (*on_gone)(void *arg);
};

/* Answers the request with status, headers and length of `response`; the stream is ready. A length
 * is kept by the caller, exactly. NULL when the client has left: then nothing is called. */
struct http_stream *http_stream_start(struct http_request *request,
                                      const struct http_response *response, struct loop *loop,
                                      const struct http_stream_events *events, void *arg);

bool http_stream_is_ready(const struct http_stream *stream);

/* Only when it is ready. Each of the pieces has some bytes, and is lent until on_ready or on_gone.
 */
enum { HTTP_STREAM_PIECES_MAX = 64 };
void http_stream_write(struct http_stream *stream, const struct str *pieces, size_t count);

/* Sends `last`, lent until on_gone, and the end. While a write is under way there is no room for
 * either: then the connection is cut. Harmless when it has ended. */
void http_stream_end(struct http_stream *stream, struct str last);

/* Breaks the connection, so that nobody takes the body for whole. Harmless likewise. */
void http_stream_cut(struct http_stream *stream);

#endif
