/* A place in the order of all events: the commit's LSN in the write-ahead log, and the event's
 * number within that transaction. Written "<commit>-<index>" it is a Redis stream id. */
#ifndef CQRS_REPLICATION_POSITION_H
#define CQRS_REPLICATION_POSITION_H

#include "base/str.h"

struct position {
    uint64_t commit;
    uint64_t index;
};

enum { POSITION_TEXT_SIZE = 44 };

void position_format(struct position position, char out[POSITION_TEXT_SIZE]);
bool position_parse(struct str text, struct position *out) must_check;

/* Below 0, 0 or above, as `a` comes before, at or after `b`. */
int position_compare(struct position a, struct position b);
struct position position_later(struct position a, struct position b);

#endif
