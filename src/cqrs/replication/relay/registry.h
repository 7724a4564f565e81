/* Which replicas there are, and how far each has come, as they report it to Redis:
 *
 *   HSET mamparo:{<service>}:replicas <replica> "<position> <epoch> <any sign of life>"
 *
 * A replica is remembered while Redis forgets it, and dropped when it has been silent for longer
 * than the retention. Pure but for the time, which is passed in. */
#ifndef CQRS_REPLICATION_RELAY_REGISTRY_H
#define CQRS_REPLICATION_RELAY_REGISTRY_H

#include "base/base.h"
#include "cqrs/replication/position.h"

enum { REGISTRY_MAX = 64, REGISTRY_NAME_SIZE = 64, REGISTRY_REPORT_SIZE = 160 };

struct registry {
    struct registry_replica {
        char name[REGISTRY_NAME_SIZE];
        char report[REGISTRY_REPORT_SIZE]; /* the last, whole: any change is a sign of life */
        struct position position;
        msec_t heard_at;
    } replicas[REGISTRY_MAX];
    size_t count;
};

/* A report as it stands in Redis now. Ignored where it is malformed, of another epoch, or one
 * replica too many. */
void registry_hear(struct registry *registry, struct str name, struct str report, struct str epoch,
                   msec_t now);

/* Drops one replica that was silent for longer than `retention`, and returns its name, which lives
 * until the next call; NULL when there is none. */
const char *registry_drop_silent(struct registry *registry, msec_t now, msec_t retention);

/* How far all of them have come; false when there is none. */
bool registry_slowest(const struct registry *registry, struct position *out) must_check;

#endif
