/* Another server's answer, taken in pieces as they come: the counterpart of http_stream.
 *
 *   http_source_open → connect → write → on_head → on_bytes … → on_end
 *   http_call → done with a rest → http_source_read → on_bytes … → on_end
 *
 * Each on a connection of its own, which is not kept. */
#ifndef IO_HTTP_HTTP_SOURCE_H
#define IO_HTTP_HTTP_SOURCE_H

#include "io/http/http_chunked.h"
#include "io/http/http_client.h"

struct http_source;

struct http_source_events {
    /* At most once, and not for a rest. The texts live until it returns. */
    void (*on_head)(void *arg, const struct http_answer_head *head);
    void (*on_bytes)(void *arg, struct str bytes); /* of the body, decoded; lent likewise */
    /* Once, and the last, never from inside a call of ours. OK: the body came whole. NO_SERVER:
     * nothing was sent. CANCELLED: it was closed. */
    void (*on_end)(void *arg, enum status status);
};

struct http_source_options {
    struct str target;  /* path and query */
    struct str headers; /* further header lines, each with its CR LF */
    msec_t connect_ms, head_ms;
    msec_t silence_ms; /* the longest, behind the head */
};

/* A GET. Everything in `options` is copied. */
struct http_source *http_source_open(struct http_peer *peer,
                                     const struct http_source_options *options,
                                     const struct http_source_events *events, void *arg);

/* Takes what a call left (http_outcome.rest), from inside its `done`: the whole body comes, what
 * was received before too. */
void http_source_read(struct http_source *rest, msec_t silence_ms,
                      const struct http_source_events *events, void *arg);

/* Of the body; -1: it is chunked, and not known. */
int64_t http_source_length(const struct http_source *source);

/* Nothing is read until it goes on; what comes meanwhile stays with the server. What was received
 * already still comes: at most HTTP_SOURCE_PIECE bytes, or what a call left. */
enum { HTTP_SOURCE_PIECE = 65536 };
void http_source_pause(struct http_source *source);
void http_source_resume(struct http_source *source);

/* Nothing comes after this but on_end. Harmless when it has ended. */
void http_source_close(struct http_source *source);

/* The rest is for the .c files of this folder alone. */

/* An answer's, as far as it was received. */
struct http_body {
    int64_t length;              /* -1: it is chunked, and not known yet */
    struct http_chunked chunked; /* then */
    size_t decoded;              /* likewise: bytes behind the head, in one piece */
};

/* Takes the socket over, whose input begins with a head, which stays until http_source_forget. */
struct st_h2o_socket_t;
struct http_source *http_source_adopt(struct http_peer *peer, struct st_h2o_socket_t *socket,
                                      const struct http_body *body, size_t head_bytes);

/* Closes one that nobody reads. */
void http_source_forget(struct http_source *source);

#endif
