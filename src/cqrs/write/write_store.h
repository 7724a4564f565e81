/* One statement that stores a change, its event and its key together, as one loop reaches it. */
#ifndef CQRS_WRITE_WRITE_STORE_H
#define CQRS_WRITE_WRITE_STORE_H

#include "cqrs/write/command.h"
#include "io/pg/pg_pool.h"
#include "model/model.h"

struct write_store;

/* Lives as long as the pool, which it borrows, as it does the model. */
struct write_store *write_store_new(struct pg_pool *pool, const struct model *model);

/* The loop that its answers come on. */
struct loop *write_store_loop(const struct write_store *store);

/* STATUS_OK: committed, with its event. PRECONDITION_FAILED: somebody was faster, nothing is
 * stored. CONFLICT: a unique field; `field` names it. UNCERTAIN and the others as pg_outcome has
 * them. */
typedef void write_store_done_fn(void *arg, enum status status, const char *field);
/* Stores a change with its event, and the key of its command. */
void write_store_commit(struct write_store *store, const struct change *change,
                        const struct command *command, write_store_done_fn *done, void *arg);

/* What write_store_done_fn gets as `field` when it was the command's key that is taken. */
extern const char write_store_key[];

/* The first unique field of the collection, or the next one after `after`; NULL: there is none. */
const struct field *write_store_unique_field(const struct collection *collection,
                                             const struct field *after);

/* Appends a field's value as its generated column has it: a text is itself, anything else its
 * JSON. False, and an empty text, for null. */
bool write_store_unique_value(const struct json *body, const struct field *field, struct buf *out);

/* CONFLICT, with the field named. */
void write_store_refuse_taken(struct problem *problem, const char *field);

/* What a unique index of that name guards: a field's name, write_store_key, or NULL. */
const char *write_store_taken(const struct collection *collection, const char *constraint);

/* What became of the command that had this key first. OK: `first`, whose parts may be taken over;
 * NOT_FOUND: there was none; KEY_REUSED: it was another request. */
typedef void write_store_key_fn(void *arg, enum status status, struct change *first);
void write_store_find_key(struct write_store *store, const struct command *command,
                          write_store_key_fn *done, void *arg);

#endif
