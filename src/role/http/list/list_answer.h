/* Lists and counts of a collection: the query in, the page out.
 *
 *   request → query → read_store → on_page → {"data":[…],"pagination":{…}}, Link
 *                                → on_counts → {"by":…,"counts":[…],"total":…} */
#ifndef ROLE_HTTP_LIST_LIST_ANSWER_H
#define ROLE_HTTP_LIST_LIST_ANSWER_H

#include "cqrs/query/read_store.h"
#include "io/http/http_server.h"
#include "role/http/route.h"

/* Answers GET of ROUTE_COLLECTION or ROUTE_STATS, at once or later. */
void list_answer(struct http_request *request, const struct route *route, struct pg_pool *pool);

#endif
