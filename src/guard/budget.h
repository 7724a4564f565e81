/* How many more tries than requests there may be: a bucket of tokens that requests fill, each
 * with a share of one, and that every further try takes a token from.
 *
 * As in Finagle's RetryBudget the right to try again is earned by traffic, and those who have
 * little of it are advanced a few tokens. Here, as in Envoy's retry budget ("20 %, at least 3"),
 * that is the least of both and not their sum: in a window of 10 s further tries are at most the
 * larger of `least` and the share of that window's requests, and what was left over from before, up
 * to `burst`. So with 15 requests in a window or more (3 of 20 %), withdrawals never exceed the
 * share of all deposits by more than `least`, however long that goes on.
 *
 * Shared by all loops, without a lock. Pure: the time is passed in. */
#ifndef GUARD_BUDGET_H
#define GUARD_BUDGET_H

#include "base/base.h"

struct budget_limits {
    unsigned share; /* of a token for each request, in thousandths */
    unsigned least; /* tokens in each window, whatever the traffic */
    unsigned burst; /* tokens kept at most */
};

/* Tokens in thousandths, in the given window. */
struct budget_state {
    int32_t tokens;
    uint16_t advanced; /* to be earned before more are */
    uint16_t window;
};

struct budget {
    struct budget_limits limits;
    _Atomic struct budget_state state;
};

enum { BUDGET_WINDOW_MS = 10000, BUDGET_TOKEN = 1000 };

/* `least` is 60 at most, and no more than `burst`. */
void budget_init(struct budget *budget, struct budget_limits limits, msec_t now);

/* Once for each request. */
void budget_deposit(struct budget *budget, msec_t now);

/* May there be one more try? If so it is counted. */
bool budget_withdraw(struct budget *budget, msec_t now) must_check;

#endif
