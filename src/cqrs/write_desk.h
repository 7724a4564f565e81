/* Carries a command from its request to its answer.
 *
 *   take → (find the record) → command_plan → commit → done
 *             ↑                                 │
 *             └── somebody was faster, and the client named no version ──┘ */
#ifndef CQRS_WRITE_DESK_H
#define CQRS_WRITE_DESK_H

#include "cqrs/write_store.h"

/* When `problem` is not set, the command is committed. Lent until the callback returns. */
struct write_answer {
    const struct problem *problem;
    const struct change *change; /* NULL with a problem */
};
typedef void write_desk_done_fn(void *arg, const struct write_answer *answer);

/* Takes the command over. `done` comes once, later. */
void write_desk_take(struct write_store *store, struct command *command, write_desk_done_fn *done,
                     void *arg);

#endif
