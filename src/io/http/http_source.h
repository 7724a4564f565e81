/* Another server's answer, taken in pieces as they come: the counterpart of http_stream.
 *
 *   http_source_open → connect → write → on_head → on_bytes … → on_end
 *
 * Each on a connection of its own, which is not kept. */
#ifndef IO_HTTP_HTTP_SOURCE_H
#define IO_HTTP_HTTP_SOURCE_H

#include "io/http/http_client.h"

struct http_source;

struct http_source_events {
    /* At most once. The texts live until it returns. */
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

/* Nothing is read until it goes on; what comes meanwhile stays with the server. */
void http_source_pause(struct http_source *source);
void http_source_resume(struct http_source *source);

/* Nothing comes after this but on_end. Harmless when it has ended. */
void http_source_close(struct http_source *source);

#endif
