/* Carries a command from its request to its answer.
 *
 *   take → (its key: was it done before?) → (its turn at the record)
 *        → (find the record) → command_plan → commit → done
 *               ↑                                │
 *               └── another server was faster ───┘
 *
 * Of the commands for one record, one is under way at a time on each desk, in the order in which
 * they came: they would only take the version away from each other. */
#ifndef CQRS_WRITE_WRITE_DESK_H
#define CQRS_WRITE_WRITE_DESK_H

#include "cqrs/write/key_claims.h"
#include "cqrs/write/record_store.h"
#include "cqrs/write/write_store.h"

/* When `problem` is not set, the command is committed. Lent until the callback returns. */
struct write_answer {
    struct problem *problem;
    const struct change *change; /* NULL with a problem */
    bool is_replayed;            /* the command was done before, under the same key */
};
typedef void write_desk_done_fn(void *arg, const struct write_answer *answer);

/* Lives as long as its stores. `claims` are shared with whoever else takes commands on this loop.
 */
struct write_desk;
struct write_desk *write_desk_new(struct write_store *store, struct record_store *records,
                                  struct key_claims *claims);

/* Takes the command over. `done` comes once, later. */
void write_desk_take(struct write_desk *desk, struct command *command, write_desk_done_fn *done,
                     void *arg);

#endif
