/* Pages of the write side for replicas that start anew: in the order of ids, after a given one. */
#ifndef CQRS_WRITE_PAGE_STORE_H
#define CQRS_WRITE_PAGE_STORE_H

#include "base/ident.h"
#include "io/pg/pg_pool.h"
#include "model/model.h"

/* The whole JSON answer, lent until the callback returns, or why there is none. */
typedef void page_store_done_fn(void *arg, enum status status, struct str json);

/* A collection's records, tombstones included, after `after` (NULL: from the start). */
void page_store_records(struct pg_pool *pool, const struct collection *collection,
                        const struct uuid *after, page_store_done_fn *done, void *arg);

/* What happened to a service's records. A page may have none of the service's; behind the last one
 * `last` is null. */
void page_store_events(struct pg_pool *pool, const struct service *service,
                       const struct uuid *after, page_store_done_fn *done, void *arg);

#endif
