/* Entity tags, as RFC 9110 compares them where a client asks whether what it has is still good. */
#ifndef IO_HTTP_HTTP_TAG_H
#define IO_HTTP_HTTP_TAG_H

#include "base/str.h"

/* Is the tag among those of an If-None-Match? Compared weakly; `*` is any. `tag` is a strong one in
 * its quotes. What follows a malformed member is not looked at: the whole answer does no harm. */
bool http_tag_is_among(struct str list, struct str tag);

#endif
