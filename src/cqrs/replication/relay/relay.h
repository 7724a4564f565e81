/* The relay: reads committed events from the write-ahead log and publishes each to its service's
 * stream. A thread of the write role; of several processes the one that holds the replication slot
 * leads, and the others wait for it.
 *
 *   migrate → connect to Redis → ensure slot and epoch → hold the slot → ready the streams
 *        → (rows → XADD … → every reply looked at) and (registrations → confirm → trim)
 *        → something broke: rest, and again from what was confirmed
 *
 * Starting again is always safe: an entry's id is its place in the log, and Redis refuses an id
 * that is not above the stream's top. */
#ifndef CQRS_REPLICATION_RELAY_RELAY_H
#define CQRS_REPLICATION_RELAY_RELAY_H

#include "cqrs/replication/background.h"
#include "model/model.h"

struct relay_options {
    const struct model *model;
    const char *database_url, *redis_url, *slot;
    int64_t history_days; /* how long events are kept; 0: for ever */
    msec_t retention;     /* a replica that is silent for longer is no longer waited for */
    int64_t entries_max, bytes_max; /* of a stream: then publishing pauses, and writing goes on */
    struct metrics *metrics;
    atomic_bool *is_migrated;                   /* set once the tables are there */
    void (*refuse_model)(const char *mistakes); /* does not return */
    atomic_bool *has_reached_redis;             /* set once, at the first connection */
};

struct relay;

struct relay *relay_start(const struct relay_options *options);
void relay_stop(struct relay *relay);

/* "starting", "standby", "leading" or "paused", for people. */
const char *relay_state(const struct relay *relay);

#endif
