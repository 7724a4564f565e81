/* One change of a switch: how it stands since, who changed it, when and why. A switch stands as its
 * highest change says; whoever knows the same changes, in whatever order they came, agrees.
 *
 * As JSON it is what gateways tell each other, keep on disk, and show. */
#ifndef ROLE_GATEWAY_SWITCH_TOGGLE_CHANGE_H
#define ROLE_GATEWAY_SWITCH_TOGGLE_CHANGE_H

#include "role/gateway/side.h"

enum { TOGGLE_TEXT_MAX = 200 }; /* bytes */

#define TOGGLE_VERSION_MAX INT64_C(1000000000000000)

struct toggle_change {
    const struct service *service;
    enum side side;
    bool was_on, is_on;
    int64_t version; /* 1, 2, 3…; 0: nobody has changed it, and it is on */
    int64_t at;      /* wall milliseconds */
    char by[TOGGLE_TEXT_MAX + 1], why[TOGGLE_TEXT_MAX + 1];
};

/* How a switch stands that nobody has changed. */
struct toggle_change toggle_change_none(const struct service *service, enum side side);

/* Of two changes of one switch: above 0 when `a` is the higher one, 0 when they are the same. The
 * version decides; of two gateways that could not hear each other, the later one. */
int toggle_change_compare(const struct toggle_change *a, const struct toggle_change *b);

/* {"service","side","version","from","to","at","by","why"} */
void toggle_change_write(const struct toggle_change *change, struct buf *out);

/* False for what is not exactly such a change of a switch of the model, whoever sent it. */
bool toggle_change_parse(const struct model *model, struct str text,
                         struct toggle_change *out) must_check;

#endif
