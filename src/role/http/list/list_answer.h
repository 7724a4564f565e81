/* Lists and counts of a collection: the query in, the page out.
 *
 *   request → list_cache ───────────────────────────────────────────────────────► answer
 *           → query → read_store → on_page → {"data":[…],"pagination":{…}}, Link ──►
 *                                → on_counts → {"by":…,"counts":[…],"total":…} ────► and kept */
#ifndef ROLE_HTTP_LIST_LIST_ANSWER_H
#define ROLE_HTTP_LIST_LIST_ANSWER_H

#include "cqrs/cache/list_cache.h"
#include "cqrs/query/read_store.h"
#include "io/http/http_server.h"
#include "role/http/route.h"

/* Of the loop, and what the service's applier tells. */
struct list_means {
    struct pg_pool *pool;
    struct list_cache *cache;
    const struct validity *validity;
};

/* Answers GET of ROUTE_COLLECTION or ROUTE_STATS, at once or later. */
void list_answer(struct http_request *request, const struct route *route,
                 const struct list_means *means);

#endif
