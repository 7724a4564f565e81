/* What a server says in Redis of itself, and where; written there by announcer.c, read by gateways.
 *
 *   mamparo:{servers}                 the addresses, by Redis's own time of the last sign of life
 *   mamparo:{servers}:10.0.0.7:8000   {"role":"read","services":["medical"],"since":"…"}, for 3 s
 *
 * Pure. */
#ifndef ROLE_PRESENCE_ANNOUNCEMENT_H
#define ROLE_PRESENCE_ANNOUNCEMENT_H

#include "guard/fleet/fleet.h"
#include "model/model.h"

enum {
    ANNOUNCEMENT_MS = 3000, /* so long it counts */
    /* It is renewed after so long, and a random part of as much again. */
    ANNOUNCEMENT_PERIOD_MS = 500,
    ANNOUNCEMENT_SIZE_MAX = 4096,
};

extern const struct str announcement_index;

/* Appends the key of the server at `address`. */
void announcement_write_key(struct str address, struct buf *out);

struct announcement {
    const char *role;  /* "read" or "write" */
    uint64_t services; /* a bit for each, by its place in the reader's model */
};

/* `since` is wall milliseconds, for people. */
void announcement_write(const char *role, const struct model *model, int64_t since,
                        struct buf *out);

/* False for anything else. Services that the model does not have are left out. */
bool announcement_parse(struct str json, const struct model *model,
                        struct announcement *out) must_check;

#endif
