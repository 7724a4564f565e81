/* The write side's tables, as one loop reaches them: one statement that stores a change and its
 * event together, and one that finds a record. */
#ifndef CQRS_WRITE_WRITE_STORE_H
#define CQRS_WRITE_WRITE_STORE_H

#include "cqrs/write/command.h"
#include "io/pg_pool.h"
#include "model/model.h"

struct write_store;

/* Lives as long as the pool, which it borrows, as it does the model. */
struct write_store *write_store_new(struct pg_pool *pool, const struct model *model);

/* The loop that its answers come on. */
struct loop *write_store_loop(const struct write_store *store);

/* STATUS_OK with the record; NOT_FOUND; or why the database gave no answer. */
typedef void write_store_found_fn(void *arg, enum status status,
                                  const struct command_record *record);
void write_store_find(struct write_store *store, const struct collection *collection,
                      const struct uuid *id, write_store_found_fn *done, void *arg);

/* A record out of its row. False where that is not one of ours. */
struct write_store_row {
    int64_t version;
    bool is_deleted;
    struct str body;
};
bool write_store_read(const struct collection *collection, const struct write_store_row *row,
                      struct command_record *out) must_check;

/* STATUS_OK: committed, with its event. PRECONDITION_FAILED: somebody was faster, nothing is
 * stored. CONFLICT: a unique field; `field` names it. UNCERTAIN and the others as pg_outcome has
 * them. */
typedef void write_store_done_fn(void *arg, enum status status, const char *field);
void write_store_commit(struct write_store *store, const struct change *change,
                        const struct command *command, write_store_done_fn *done, void *arg);

/* What write_store_done_fn gets as `field` when it was the command's key that is taken. */
extern const char write_store_key[];

/* What a unique index of that name guards: a field's name, write_store_key, or NULL. */
const char *write_store_taken(const struct collection *collection, const char *constraint);

/* What became of the command that had this key first. OK: `first`, whose parts may be taken over;
 * NOT_FOUND: there was none; KEY_REUSED: it was another request. */
typedef void write_store_key_fn(void *arg, enum status status, struct change *first);
void write_store_find_key(struct write_store *store, const struct command *command,
                          write_store_key_fn *done, void *arg);

/* A page of a collection in the order of ids, tombstones included, after `after` (NULL: from the
 * start), for a replica that starts anew: the whole JSON answer, or why there is none. */
typedef void write_store_page_fn(void *arg, enum status status, struct str json);
void write_store_page(struct write_store *store, const struct collection *collection,
                      const struct uuid *after, write_store_page_fn *done, void *arg);

/* The same of what happened to a service's records, in the order of the events' ids. A page may
 * have none of the service's; behind the last one `last` is null. */
void write_store_event_page(struct write_store *store, const struct service *service,
                            const struct uuid *after, write_store_page_fn *done, void *arg);

#endif
