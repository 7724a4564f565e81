/* The chunked transfer coding (RFC 9112), read strictly: no extensions, no trailers, no stray line
 * ends. What another reader might take differently is refused. Pure. */
#ifndef IO_HTTP_HTTP_CHUNKED_H
#define IO_HTTP_HTTP_CHUNKED_H

#include "base/str.h"

/* Zeroed, it awaits the first chunk. */
struct http_chunked {
    enum {
        CHUNKED_SIZE, /* its first digit */
        CHUNKED_DIGITS,
        CHUNKED_SIZE_LF,
        CHUNKED_DATA,
        CHUNKED_DATA_CR,
        CHUNKED_DATA_LF,
        CHUNKED_LAST_CR,
        CHUNKED_LAST_LF,
        CHUNKED_DONE,
        CHUNKED_BROKEN,
    } state;
    uint64_t left; /* of the chunk at hand */
};

/* Takes bytes off `rest` up to the end of the next run of data, which it lends. Empty when `rest`
 * is used up, or the body is DONE or BROKEN. */
struct str http_chunked_next(struct http_chunked *chunked, struct str *rest);

#endif
