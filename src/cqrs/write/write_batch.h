/* Carries a batch from its request to its answer: creations and patches of one collection, stored
 * by one statement, in one transaction with their events, their key, and the answer.
 *
 *   take → (its key: was it done before?) → find the records → plan each → commit what fits → done
 *             ↑                               ↑                               │
 *             └── the key is taken            └── somebody was faster,  ──────┤
 *                                                 or a unique value is taken ─┘
 *
 * A member that is refused leaves the others alone; of an atomic batch it leaves nothing. */
#ifndef CQRS_WRITE_WRITE_BATCH_H
#define CQRS_WRITE_WRITE_BATCH_H

#include "cqrs/write/batch_store.h"
#include "cqrs/write/key_claims.h"
#include "cqrs/write/write_store.h"

/* Lent until the callback returns. */
struct batch_answer {
    enum status status;  /* OK: the outcomes are what became of them; else nothing is stored */
    struct str outcomes; /* JSON: {"outcomes":[{"status","id","etag"} or {"status","problem"},…]};
                            empty when the batch was not even tried */
    bool is_replayed;    /* it was done before, under the same key */
};
typedef void write_batch_done_fn(void *arg, const struct batch_answer *answer);

/* What it works with, all of one loop. */
struct batch_desk {
    struct batch_means means;
    struct write_store *store;
    struct key_claims *claims;
};

/* Takes the batch over, members that are refused already included. `done` comes once, later. */
void write_batch_take(const struct batch_desk *desk, struct batch *batch, write_batch_done_fn *done,
                      void *arg);

#endif
