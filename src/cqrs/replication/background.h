/* A thread of its own that may block, with bounds: the relay and the applier live in one. It runs
 * rounds, each of which leaves when something breaks, and rests between them. */
#ifndef CQRS_REPLICATION_BACKGROUND_H
#define CQRS_REPLICATION_BACKGROUND_H

#include <pthread.h>

#include "base/backoff.h"
#include "base/metric.h"

struct background {
    const char *name;
    /* One round: works until something breaks or `background_is_stopping`. Logs what broke, and
     * calls background_works once it got so far that the next failure is a new one. */
    void (*round)(struct background *background);
    struct backoff backoff;
    atomic_bool is_stopping;
    pthread_t thread;
};

void background_start(struct background *background);

/* Asks it to stop and waits until it has, a few seconds at most. */
void background_stop(struct background *background);

bool background_is_stopping(struct background *background);
void background_works(struct background *background);

/* Waits, or until it is to stop. */
void background_rest(struct background *background, msec_t wait);

#endif
