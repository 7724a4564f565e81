/* A request under way through the gateway, and its end: an answer passed on, or a refusal. Whatever
 * is still under way then is given up, and its memory goes with the last of it. */
#ifndef ROLE_GATEWAY_FORWARD_REPLY_H
#define ROLE_GATEWAY_FORWARD_REPLY_H

#include "io/call.h"
#include "role/gateway/forward/attempt.h"
#include "role/gateway/forward/question.h"

enum { ATTEMPTS = 2 }; /* at once: one, and its hedge */

/* Lifetime: a request's, and until its last try has ended. */
struct forward {
    struct call call; /* the whole: its deadline, and its client */
    struct forwarder *forwarder;
    struct http_request *request; /* NULL once it is answered */
    const struct service *service;
    enum side side;
    struct compartment *compartment;
    struct line *line;
    struct line_place place;
    struct loop_timer again; /* the hedge, or the end of a pause */
    struct attempt attempts[ATTEMPTS];
    const struct attempt *passing; /* a large answer, behind this one's end; NULL: none */
    struct tries tries;
    struct question question;
    struct way way;
    int64_t stale_seconds; /* that it may help to wait, by a server that was behind; 0: none was */
    bool is_old;           /* by a path of the former system */
    bool has_permit, has_left, has_ended;
    int http; /* of the answer that is passed on */
    int64_t came_us, queued_us;
};

unsigned reply_under_way(const struct forward *forward); /* tries */

/* Once, one of them. */
void reply_pass_on(struct forward *forward, struct attempt *attempt,
                   const struct http_outcome *outcome);
void reply_refuse(struct forward *forward, enum status status);

/* To be called whenever something has ended. */
void reply_release_if_done(struct forward *forward);

#endif
