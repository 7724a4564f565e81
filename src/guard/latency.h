/* How long something takes of late: quantiles of the last 5 to 10 seconds.
 *
 * Two histograms take turns: one is filled, the other is the 5 seconds before. Their buckets are
 * an eighth of an octave wide at most, so a quantile is at most an eighth too high, never too low.
 * Shared by all loops, without a lock: what is noted while the histograms change places may count
 * for the wrong one. Pure: the time is passed in. */
#ifndef GUARD_LATENCY_H
#define GUARD_LATENCY_H

#include <stdatomic.h>

#include "base/base.h"

enum {
    LATENCY_WINDOW_MS = 5000,
    LATENCY_FRESH_MS = 100, /* the 95th percentile is reckoned anew so often */
    LATENCY_BUCKETS = 200,  /* to 134 s */
};

/* Lifetime: the process's; zeroed at first. */
struct latency {
    atomic_uint counts[2][LATENCY_BUCKETS];
    _Atomic int64_t window; /* the number of the one being filled */
    _Atomic int64_t p95, p95_until;
};

void latency_note(struct latency *latency, int64_t microseconds, msec_t now);

/* The 95th percentile in microseconds, at most LATENCY_FRESH_MS old; 0 when nothing was noted of
 * late. Cheap enough for every request. */
int64_t latency_p95(struct latency *latency, msec_t now);

/* Any quantile, in thousandths, as of now; 0 likewise. */
int64_t latency_quantile(struct latency *latency, unsigned per_mille, msec_t now);

#endif
