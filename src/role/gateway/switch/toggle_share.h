/* The switches in Redis, which all gateways share: a hash with the highest change of each, and the
 * last thousand changes, sorted by time. Storing is a compare-and-set upon what was looked at.
 *
 *   look (WATCH, ZCARD, HMGET) → [log] → store (MULTI … EXEC) → done, or, beaten, look again
 *
 * What comes from Redis is taken only where it is a change of a switch of the model. Blocks, within
 * the connection's deadlines. After any failure the connection is of no more use. */
#ifndef ROLE_GATEWAY_SWITCH_TOGGLE_SHARE_H
#define ROLE_GATEWAY_SWITCH_TOGGLE_SHARE_H

#include "io/redis_conn.h"
#include "role/gateway/switch/toggle_changes.h"

struct toggle_share {
    const struct model *model;
    struct redis_conn *redis;
    int64_t line_count; /* of the log, when it was looked at last */
    size_t unreadable;  /* of what was read last */
    char why[160];      /* it failed */
};

/* Adds the changes that Redis has as the highest. False on failure. */
bool toggle_share_look(struct toggle_share *share, struct toggle_changes *heads) must_check;

/* Adds those of the log. False on failure. */
bool toggle_share_read_log(struct toggle_share *share, struct toggle_changes *log) must_check;

enum toggle_share_end {
    TOGGLE_SHARE_DONE,
    TOGGLE_SHARE_OUTRUN, /* another gateway stored something since the look: nothing was done */
    TOGGLE_SHARE_FAILED, /* it may have been done */
};

/* `heads` in place of what Redis has, `log` beside it. */
enum toggle_share_end toggle_share_store(struct toggle_share *share,
                                         const struct toggle_changes *heads,
                                         const struct toggle_changes *log);

#endif
