/* The write side's records as they are now, as one loop finds them. */
#ifndef CQRS_WRITE_RECORD_STORE_H
#define CQRS_WRITE_RECORD_STORE_H

#include "cqrs/write/command.h"
#include "io/pg/pg_pool.h"
#include "model/model.h"

struct record_store;

/* Lives as long as the pool, which it borrows, as it does the model. */
struct record_store *record_store_new(struct pg_pool *pool, const struct model *model);

/* STATUS_OK with the record; NOT_FOUND; or why the database gave no answer. */
typedef void record_store_found_fn(void *arg, enum status status,
                                   const struct command_record *record);
void record_store_find(struct record_store *store, const struct collection *collection,
                       const struct uuid *id, record_store_found_fn *done, void *arg);

/* A record out of its row. */
struct record_store_row {
    const struct collection *collection;
    int64_t version;
    bool is_deleted;
    struct str body;
};
enum record_store_reading {
    RECORD_STORE_READ,
    RECORD_STORE_UNREADABLE, /* it is not one of ours */
    RECORD_STORE_NEWER,      /* learn the schemas of newer versions, and read it once more */
};
enum record_store_reading record_store_read(struct record_store *store,
                                            const struct record_store_row *row,
                                            struct command_record *out);

/* Looks up the schemas of the collection's newer versions. */
typedef void record_store_learned_fn(void *arg, enum status status);
void record_store_learn(struct record_store *store, const struct collection *collection,
                        record_store_learned_fn *done, void *arg);

#endif
