/* One try of a request: a call of one server, what its end means, and what it tells of the server.
 */
#ifndef ROLE_GATEWAY_FORWARD_ATTEMPT_H
#define ROLE_GATEWAY_FORWARD_ATTEMPT_H

#include "guard/tries.h"
#include "role/gateway/compartment/compartment.h"
#include "role/gateway/fault/faulty_call.h"
#include "role/gateway/forward/forwarder.h"
#include "role/gateway/forward/way.h"

struct attempt;

/* The texts of `outcome` live until it returns. */
typedef void attempt_done_fn(struct attempt *attempt, enum try_end end,
                             const struct http_outcome *outcome);

/* Lifetime: its request's; one try after another uses it. Zeroed, none is under way. */
struct attempt {
    /* The asker's to set */
    struct forwarder *forwarder;
    struct compartment *compartment;
    struct faulty_call_place place;
    struct stop stop;
    bool may_have_arrived; /* an earlier try of the same write */
    bool is_short;         /* it had less time than a try has: running out of it is no fault */

    struct faulty_call call;
    int64_t asked_us, ended_us;
    enum pool_outcome given_up; /* what a cancelled one tells of its server */
    bool was_stale;             /* the server was behind what Read-After names */
    attempt_done_fn *done;
    void *arg;
};

/* The server is given back to its pool before `done` is told, later and once. The texts of
 * `options` are borrowed until then. */
void attempt_start(struct attempt *attempt, const struct http_call_options *options,
                   attempt_done_fn *done, void *arg);

bool attempt_is_under_way(const struct attempt *attempt);

/* A large answer (http_outcome.rest) that is passed on keeps its server busy in between; `status`:
 * what became of it. */
void attempt_begin_passing(const struct attempt *attempt);
void attempt_end_passing(const struct attempt *attempt, enum status status);

/* No answer is wanted any more: it ends with CANCELLED. Harmless when none is under way. */
void attempt_cancel(struct attempt *attempt, enum pool_outcome as);

#endif
