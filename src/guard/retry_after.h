/* When a client that was refused had better come again, in whole seconds of at least 1: from what
 * the refusal was for. Pure. */
#ifndef GUARD_RETRY_AFTER_H
#define GUARD_RETRY_AFTER_H

#include "base/base.h"

enum {
    RETRY_AFTER_MAX = 60,
    RETRY_AFTER_DISABLED = 30, /* whoever switched it off does not say for how long */
};

/* Until all who are ahead of him are through: those waiting and in flight, `limit` at a time. */
int64_t retry_after_queue(unsigned ahead, unsigned limit, int64_t latency_us);

/* Until an instant: of the next probe, or of the next token. */
int64_t retry_after_instant(msec_t at, msec_t now);

#endif
