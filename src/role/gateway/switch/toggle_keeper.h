/* The thread that keeps a gateway's switches: in step with those of the other gateways by Redis,
 * and on a disk of its own. It may block; no loop ever waits for it longer than it likes.
 *
 *   await → look → merge → plan → store → conclude → save → tell the askers → await …
 *
 * Without Redis, or while it is away, what is asked for is done here alone, and shared later. */
#ifndef ROLE_GATEWAY_SWITCH_TOGGLE_KEEPER_H
#define ROLE_GATEWAY_SWITCH_TOGGLE_KEEPER_H

#include "base/metric.h"
#include "role/gateway/switch/toggle.h"

/* All of it lives as long as the process. */
struct toggle_keeper_options {
    struct toggles *toggles;
    const struct model *model;
    const char *redis_url; /* NULL: there is none */
    const char *folder;    /* NULL: nothing is kept on disk */
    struct metrics *metrics;
};

struct toggle_keeper;

/* Reads the file and starts the thread. Returns when Redis has been looked at, or has not answered
 * within a second. */
struct toggle_keeper *toggle_keeper_start(const struct toggle_keeper_options *options);

#endif
