#include "role/gateway/switch/toggle_wish.h"

enum status toggle_wish_decide(const struct toggle_wish *wish, const struct toggle_change *head,
                               int64_t wall_now, struct toggle_change *out)
{
    bool is_on = wish->verb == TOGGLE_FLIP ? !head->is_on : wish->verb == TOGGLE_ON;
    *out = *head;
    if (wish->if_version != TOGGLE_ANY_VERSION && wish->if_version != head->version)
        return STATUS_PRECONDITION_FAILED;
    if (is_on == head->is_on && strcmp(wish->why, head->why) == 0)
        return STATUS_OK;
    out->was_on = head->is_on;
    out->is_on = is_on;
    out->version = head->version < TOGGLE_VERSION_MAX ? head->version + 1 : TOGGLE_VERSION_MAX;
    out->at = wall_now;
    memcpy(out->by, wish->by, sizeof(out->by));
    memcpy(out->why, wish->why, sizeof(out->why));
    return STATUS_OK;
}
