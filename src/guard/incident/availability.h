/* How much of the time somebody served, and how long he did not: the time-line of one server, or of
 * several of which one is enough.
 *
 *   serves ──first failed sign──▶ ──verdict: out──▶ ──verdict: serves again──▶
 *                    ├─ to detect ──┤
 *                    ├──────────── outage: to recover ────────────┤
 *
 * An outage begins with the first failed sign that no good one followed, since from then on nothing
 * was served, though nobody knew; it ends with the verdict. Observation begins with the first
 * verdict. Pure: the time is passed in. */
#ifndef GUARD_INCIDENT_AVAILABILITY_H
#define GUARD_INCIDENT_AVAILABILITY_H

#include "base/base.h"

enum { AVAILABILITY_NONE = -1 };

/* Zeroed, nothing was observed yet. */
struct availability {
    bool is_observed, is_out;
    msec_t observed_since;
    msec_t changed_at;                /* when it last began to serve, or its outage began */
    msec_t ended, detecting, longest; /* sums of the outages that ended, of all; of those ended */
    unsigned outages;
};

/* The length of the outage that this ends; AVAILABILITY_NONE when there was none. */
msec_t availability_serve(struct availability *availability, msec_t now);

/* Nothing new in an outage. */
void availability_fail(struct availability *availability, msec_t first_sign, msec_t now);

/* Means and the longest are AVAILABILITY_NONE while there is nothing to take them of. */
struct availability_figures {
    msec_t observed;     /* for how long */
    msec_t out;          /* of that: in outages */
    double share;        /* 0 to 1: the time that was not in an outage; 1 before it is observed */
    unsigned outages;    /* with the one under way */
    msec_t mean_detect;  /* of all outages */
    msec_t mean_recover; /* of those that ended */
    msec_t longest;      /* of all, the one under way by what it has come to */
};
struct availability_figures availability_read(const struct availability *availability, msec_t now);

#endif
