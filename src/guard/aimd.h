/* A limit of requests in flight that finds itself: while answers come as fast as they do when
 * there is nothing to wait for, it grows by one in each window of a tenth of a second; when they
 * take half as long again, it shrinks by a tenth. It begins low, and doubles until it first
 * shrinks.
 *
 * Additive increase and multiplicative decrease are Chiu and Jain's (1989), known from TCP; that
 * the sign of too much is latency beyond a baseline is TCP Vegas's, brought to services by
 * Netflix's concurrency-limits, whose tolerance of a half this is. The baseline is measured anew
 * every 30 s with half the limit for a moment, as Envoy's adaptive concurrency does with a few
 * requests: else it would in the end be that of a queue.
 *
 * It suits requests that cost about the same. Shared by all loops, without a lock. Pure: the time
 * is passed in. */
#ifndef GUARD_AIMD_H
#define GUARD_AIMD_H

#include <stdatomic.h>

#include "base/base.h"

enum {
    AIMD_FLOOR = 4, /* never below, unless the cap is; where it begins */
    AIMD_WINDOW_MS = 100,
    AIMD_ANSWERS_MIN = 50, /* with fewer a window is longer */
    AIMD_PROBE_MS = 30000,
};

/* Lifetime: the process's. */
struct aimd {
    atomic_uint cap, limit;
    _Atomic int64_t sum, answers, ends_at; /* of the window; the sum is microseconds */
    atomic_uint most;                      /* in flight at once, in it */
    atomic_flag is_turning;                /* somebody is at what follows */
    int64_t baseline;                      /* microseconds; 0: not known yet */
    msec_t probe_at;
    unsigned rest; /* the limit to go back to after a probe */
    enum { AIMD_PROBING, AIMD_MEASURING, AIMD_DOUBLING, AIMD_STEADY } phase;
};

void aimd_init(struct aimd *aimd, unsigned cap, msec_t now);

/* The limit is never above it. */
void aimd_set_cap(struct aimd *aimd, unsigned cap);

/* An answer took so long, or was given up after so long; so many were in flight with it. */
void aimd_note(struct aimd *aimd, int64_t microseconds, unsigned in_flight, msec_t now);

unsigned aimd_limit(const struct aimd *aimd);

#endif
