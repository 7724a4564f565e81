/* The statements of a batch, each for all of its members at once. */
#ifndef CQRS_WRITE_BATCH_STORE_H
#define CQRS_WRITE_BATCH_STORE_H

#include "cqrs/write/record_store.h"

enum { BATCH_MAX = 1000 };

/* Lifetime: a request's. */
struct batch_item {
    struct command command; /* a creation or a patch */
    struct problem problem; /* set: it is refused */
    struct command_record record;
    bool is_found;        /* `record` is there, for a patch */
    struct change change; /* planned, unless it is refused */
    struct json *body;    /* of the change, where the collection has unique fields; owned */
};

struct batch {
    struct command shared; /* collection, origin and key of all of them; no body */
    bool is_atomic;
    struct batch_item *items;
    size_t count;
};

/* Frees what the batch owns, and leaves it empty. */
void batch_free(struct batch *batch);

/* Calls `done` once, later. */
typedef void batch_store_done_fn(void *arg, enum status status, const char *field);

/* What it works with, all of one loop. */
struct batch_means {
    struct pg_pool *pool;
    struct record_store *records;
    struct ident_well *idents;
};

/* Fills `record` and `is_found` of every patch that is not refused. TOO_LARGE where the records
 * have more than 32 MiB together. */
void batch_store_find(const struct batch_means *means, struct batch *batch,
                      batch_store_done_fn *done, void *arg);

/* Stores every planned change with its event, and the key with `answer`: all of them, or nothing.
 * PRECONDITION_FAILED: somebody was faster with one of the records. CONFLICT: `field` is taken by
 * another record, or is write_store_key. UNCERTAIN and the others as pg_outcome has them. */
void batch_store_commit(const struct batch_means *means, const struct batch *batch,
                        struct str answer, batch_store_done_fn *done, void *arg);

/* Refuses, with CONFLICT, every member whose `field` a stored record of another id holds. */
void batch_store_find_taken(const struct batch_means *means, struct batch *batch,
                            const struct field *field, batch_store_done_fn *done, void *arg);

#endif
