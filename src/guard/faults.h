/* Faults that somebody has asked for, to see what the gateway makes of them: requests that are
 * held, answered as if the server had failed, or lost as if its connection had broken.
 *
 * One for each compartment, and one for each of its servers, which goes before. They end by
 * themselves. Any thread may call. Pure: time and chance are passed in. */
#ifndef GUARD_FAULTS_H
#define GUARD_FAULTS_H

#include "base/str.h"

enum { FAULTS_MAX = 64, FAULT_SERVER_SIZE = 64 };

struct fault {
    size_t service;
    unsigned side;
    char server[FAULT_SERVER_SIZE]; /* empty: all of them */
    msec_t latency;
    double error, drop; /* shares of the requests, together at most 1 */
    msec_t set_at, until;
};

/* A compartment's server; an empty name: all of them. */
struct fault_target {
    size_t service;
    unsigned side;
    struct str server;
};

struct faults; /* lifetime: the process's */

struct faults *faults_new(void);
void faults_free(struct faults **faults);

/* In the place of the one for the same compartment and server. False when there is no place. */
bool faults_set(struct faults *faults, const struct fault *fault) must_check;

/* Ends one, copied to `out`; false where there is none. */
bool faults_clear(struct faults *faults, const struct fault_target *target,
                  struct fault *out) must_check;

/* Ends one whose time is over, likewise. */
bool faults_expire(struct faults *faults, msec_t now, struct fault *out) must_check;

/* Copies those that are not over; how many. */
size_t faults_list(struct faults *faults, msec_t now, struct fault out[FAULTS_MAX]);

/* One look, without the lock. */
bool faults_has_any(const struct faults *faults);

enum fault_outcome { FAULT_NONE, FAULT_ERROR, FAULT_DROP };
struct fault_draw {
    msec_t latency; /* hold the request so long, then: */
    enum fault_outcome outcome;
};

/* What becomes of one try. `chance` is even between 0 and 1, which it is not. */
struct fault_draw faults_draw(struct faults *faults, const struct fault_target *target,
                              double chance, msec_t now);

#endif
