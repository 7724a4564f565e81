/* A replica's tables, as one loop reads them: a record by id, a page of a list, a history. Rows
 * hold their JSON as it is served: answering is a look-up and a copy. */
#ifndef CQRS_QUERY_READ_STORE_H
#define CQRS_QUERY_READ_STORE_H

#include "base/ident.h"
#include "cqrs/query/query.h"
#include "io/pg/pg_pool.h"

/* STATUS_OK with the record and its version; NOT_FOUND; or why the database gave no answer. Lent
 * until the callback returns. */
struct read_record {
    enum status status;
    int64_t version;
    struct str json;
};
typedef void read_store_record_fn(void *arg, const struct read_record *record);
void read_store_find(struct pg_pool *pool, const struct collection *collection,
                     const struct uuid *id, read_store_record_fn *done, void *arg);

/* `items` are the page's records, separated by commas. `total` counts all that match. Behind them
 * `has_next` is true where more follow, `next` then the cursor to them, empty where the order has
 * none. The query is needed no longer than the call. */
struct read_page {
    enum status status;
    int64_t total;
    struct str items;
    bool has_next;
    struct str next;
};
typedef void read_store_page_fn(void *arg, const struct read_page *page);
void read_store_list(struct pg_pool *pool, const struct collection *collection,
                     const struct query *query, read_store_page_fn *done, void *arg);

/* How many records have which value of `query->by`, the most frequent first: `items` are
 * {"value":…,"count":…}, `total` is the sum. */
void read_store_count(struct pg_pool *pool, const struct collection *collection,
                      const struct query *query, read_store_page_fn *done, void *arg);

/* A page of what happened to a record, the newest first; a deleted one has its history too.
 * NOT_FOUND where nothing is known of the id. */
struct read_history {
    const struct collection *collection;
    const struct uuid *id;
    int64_t page, page_size;
};
void read_store_history(struct pg_pool *pool, const struct read_history *wanted,
                        read_store_page_fn *done, void *arg);

#endif
