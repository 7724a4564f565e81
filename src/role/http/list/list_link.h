/* Links to the pages beside one: the header Link of RFC 8288. */
#ifndef ROLE_HTTP_LIST_LIST_LINK_H
#define ROLE_HTTP_LIST_LIST_LINK_H

#include "io/http/http_server.h"

/* Appends path and query of a list that was understood, but for page and cursor, written so that
 * it is safe in a header, and ending in '?' or '&'. */
void list_link_write_address(const struct http_request *request, struct buf *out);

/* Append one link, behind those that are there. */
void list_link_write_page(struct str address, int64_t page, const char *relation, struct buf *out);
void list_link_write_cursor(struct str address, struct str cursor, struct buf *out);

#endif
