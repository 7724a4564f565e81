/* How far a replica is behind its service's stream: in events, in bytes of the write-ahead log, and
 * in milliseconds. Pure but for the time, which is passed in. */
#ifndef CQRS_REPLICATION_REPLICA_REPLICA_LAG_H
#define CQRS_REPLICATION_REPLICA_REPLICA_LAG_H

#include "base/base.h"
#include "cqrs/replication/position.h"

struct lag {
    int64_t events, bytes, ms;
};

/* The stream as it was last looked at. */
struct lag_view {
    struct position top; /* its last entry's id, also of one that was trimmed */
    int64_t added;       /* entries since it was made */
    int64_t length;      /* entries in it now */
};

/* Zeroed at first. */
struct lag_meter {
    bool is_known;
    struct lag_view view;
    int64_t added_at_cursor; /* `view.added` as it was when the cursor's entry came */
    int64_t last_time;       /* of the event applied last, wall milliseconds; 0: none yet */
};

/* The stream was looked at, while the cursor stood at `cursor`. Exact from the first time on that
 * nothing is left to apply; before, it may say too many events. */
void lag_look(struct lag_meter *meter, const struct lag_view *view, struct position cursor);

/* So many events were applied, the last one from `time`. */
void lag_advance(struct lag_meter *meter, size_t count, int64_t time);

/* All 0 when everything that is known of is applied. The time is since the event applied last. */
struct lag lag_measure(const struct lag_meter *meter, struct position cursor, int64_t now_wall_ms);

#endif
