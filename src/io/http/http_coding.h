/* Content codings: whether a client wants gzip, and gzip itself, over zlib. */
#ifndef IO_HTTP_HTTP_CODING_H
#define IO_HTTP_HTTP_CODING_H

#include "base/buf.h"
#include "base/str.h"

/* By an Accept-Encoding (RFC 9110, 12.5.3), empty where there is none: gzip is acceptable and not
 * ranked below identity. A member that is malformed counts as refused. */
bool http_coding_prefers_gzip(struct str accept_encoding);

/* Is a body of this size smaller by enough, and the loop not held up by it for long? */
bool http_coding_is_worth(size_t bytes);

void http_coding_gzip(struct str body, struct buf *out);

#endif
