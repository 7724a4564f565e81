/* How long to wait before trying again: doubling from `first` up to `most`, less a random part of
 * up to a half, so that many who failed together do not return together. */
#ifndef BASE_BACKOFF_H
#define BASE_BACKOFF_H

#include "base/base.h"

struct backoff {
    msec_t first;
    msec_t most;
    msec_t next; /* 0 until the first failure */
};

/* The wait after one more failure; `random` is any number, evenly spread. */
msec_t backoff_wait(struct backoff *backoff, uint32_t random);

/* After a success: the next failure waits `first` again. */
void backoff_reset(struct backoff *backoff);

#endif
