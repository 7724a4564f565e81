/* What somebody wants of a switch, and what comes of it: decided upon the switch as it stands,
 * which may be more than once until the change is stored everywhere. Pure. */
#ifndef ROLE_GATEWAY_SWITCH_TOGGLE_WISH_H
#define ROLE_GATEWAY_SWITCH_TOGGLE_WISH_H

#include "base/status.h"
#include "role/gateway/switch/toggle_change.h"

enum toggle_verb { TOGGLE_OFF, TOGGLE_ON, TOGGLE_FLIP };

enum { TOGGLE_ANY_VERSION = -1 };

struct toggle_wish {
    const struct service *service;
    enum side side;
    enum toggle_verb verb;
    int64_t if_version; /* or TOGGLE_ANY_VERSION */
    char by[TOGGLE_TEXT_MAX + 1], why[TOGGLE_TEXT_MAX + 1];
};

/* OK with the next change in `out`, or with `head` where that says it all already;
 * PRECONDITION_FAILED with `head` where it has another version. */
enum status toggle_wish_decide(const struct toggle_wish *wish, const struct toggle_change *head,
                               int64_t wall_now, struct toggle_change *out);

#endif
