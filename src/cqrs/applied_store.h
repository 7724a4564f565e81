/* Whether a replica has applied a version of a record, and so all that its service committed
 * before. */
#ifndef CQRS_APPLIED_STORE_H
#define CQRS_APPLIED_STORE_H

#include "base/ident.h"
#include "io/pg/pg_pool.h"
#include "model/schema.h"

/* What a client has seen. */
struct read_token {
    const struct collection *collection;
    struct uuid id;
    int64_t version; /* from 1 up */
};

/* STATUS_OK: it has that version or a later one, a tombstone's too. TOO_STALE: not yet. Else why
 * the database gave no answer. */
typedef void applied_store_done_fn(void *arg, enum status status);
void applied_store_look(struct pg_pool *pool, const struct read_token *token,
                        applied_store_done_fn *done, void *arg);

#endif
