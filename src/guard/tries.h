/* What comes after a try of a request has ended: its answer goes to the client, or another server
 * is asked, or the same ones after a pause, or it has failed.
 *
 * A read is asked once more, not counting servers that cannot be connected to. A write has an
 * Idempotency-Key, so that it is done once however often it is asked for: once one of its tries may
 * have arrived it is asked again until somebody knows. Pure. */
#ifndef GUARD_TRIES_H
#define GUARD_TRIES_H

#include "base/base.h"

enum try_end {
    TRY_ANSWERED,
    TRY_UNSENT,    /* nothing of it has arrived */
    TRY_BROKEN,    /* no answer: it may have arrived */
    TRY_REFUSED,   /* an answer that says: not done, and not here or not now */
    TRY_UNCERTAIN, /* an answer that says: it may have been done */
    TRY_RUNNING,   /* an answer that says: an earlier try is still at work */
};

enum try_next {
    TRY_PASS_ON, /* the answer */
    TRY_ANOTHER, /* server */
    TRY_PAUSE,   /* then from the start */
    TRY_FAIL,
};

/* Lifetime: a request's. */
struct tries {
    bool is_write;
    bool may_have_arrived;
    unsigned started;
    unsigned again; /* those that followed the end of one that was sent; a hedge does not */
};

/* `has_another`: there is a server that was not asked yet. Notes what `end` tells. */
enum try_next tries_next(struct tries *tries, enum try_end end, bool has_another) must_check;

/* The same where nothing may be asked again: PASS_ON or FAIL. What a server says that did not do it
 * is not passed on where another one may have. */
enum try_next tries_last(const struct tries *tries, enum try_end end) must_check;

#endif
