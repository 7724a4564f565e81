/* How many clients follow live events through this process, and why each of them went. */
#ifndef ROLE_LIVE_LIVE_LIMIT_H
#define ROLE_LIVE_LIVE_LIMIT_H

#include "base/metric.h"

enum live_end {
    LIVE_END_LEFT,
    LIVE_END_SLOW,     /* it fell out of the ring */
    LIVE_END_STALLED,  /* it took nothing for too long, and was swept out */
    LIVE_END_UPSTREAM, /* of a gateway: the server behind ended it */
    LIVE_END_DRAINING,
    LIVE_END_DISABLED, /* of a gateway: the service's reads were switched off */
    LIVE_END_COUNT,
};
extern const char *const live_ends[LIVE_END_COUNT];

/* Shared by all loops of the process. */
struct live_limit {
    atomic_int_least64_t count;
    int64_t most;
    struct metric *clients, *ends[LIVE_END_COUNT];
};

void live_limit_init(struct live_limit *limit, int64_t most, struct metrics *metrics);

/* False: there are as many already. */
bool live_limit_admit(struct live_limit *limit) must_check;

/* One has gone: counts it, and logs what an operator may want to know. */
void live_limit_release(struct live_limit *limit, const char *service, enum live_end end);

#endif
