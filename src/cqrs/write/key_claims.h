/* The Idempotency-Keys of the commands that are under way on one loop. */
#ifndef CQRS_WRITE_KEY_CLAIMS_H
#define CQRS_WRITE_KEY_CLAIMS_H

#include "base/list.h"
#include "base/str.h"

enum { KEY_CLAIMS_BUCKETS = 256 };

struct key_claims {
    struct list buckets[KEY_CLAIMS_BUCKETS];
};

/* Lifetime: a command's. */
struct key_claim {
    struct list link;
    struct str key; /* borrowed until it is let go */
};

void key_claims_init(struct key_claims *claims);
void key_claim_init(struct key_claim *claim); /* it claims nothing */

/* False when another command has the key. */
bool key_claims_take(struct key_claims *claims, struct key_claim *claim, struct str key) must_check;

/* Harmless where nothing is claimed. */
void key_claim_drop(struct key_claim *claim);

#endif
