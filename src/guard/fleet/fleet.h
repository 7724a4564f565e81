/* The servers of one side, as the whole gateway sees them: who they are, and what the active
 * checks say of each.
 *
 * Written under a lock by whoever finds servers and by the monitor; read by every loop without
 * one. A server keeps its index while it stays; when it has left, nobody else is given that index
 * for a minute, and it gets it again if it comes back. Pure: the time is passed in. */
#ifndef GUARD_FLEET_FLEET_H
#define GUARD_FLEET_FLEET_H

#include "base/str.h"

enum { FLEET_MAX = 64, FLEET_SERVICES_MAX = 64, FLEET_NAME_SIZE = 64, FLEET_NONE = -1 };

enum fleet_state {
    FLEET_ABSENT,
    FLEET_NEW,     /* not checked yet: asked when none is up */
    FLEET_UP,      /* it answers, and is ready */
    FLEET_UNREADY, /* it answers that it is not ready, or is leaving: asked when none is up */
    FLEET_DOWN,    /* it does not answer */
};

/* What one check found. */
enum fleet_verdict { FLEET_PASSED, FLEET_REFUSED, FLEET_LEAVING, FLEET_SILENT };

/* So many in a row make a server go down, to what the last of them says (REFUSED: UNREADY, SILENT:
 * DOWN), or come up. LEAVING counts at once, and so does a new server's first. */
struct fleet_limits {
    unsigned down_after, up_after;
};

struct fleet; /* lifetime: the process's */

struct fleet *fleet_new(struct fleet_limits limits);

/* Told of every change of a state, in the thread that caused it, outside the lock. Up to four
 * watches, all of them hung in before the first server joins. */
typedef void fleet_watch_fn(void *arg, int index, enum fleet_state before, enum fleet_state after);
void fleet_watch(struct fleet *fleet, fleet_watch_fn *told, void *arg);

/* `name` is a numeric address, "10.0.0.7:8000" or "[fd00::7]:8000". `services`: a bit for each
 * service of the model that it serves. One that is here already takes the new services, and keeps
 * its state. Its index, or FLEET_NONE when there is no place left or the name is too long. */
int fleet_join(struct fleet *fleet, struct str name, uint64_t services, enum fleet_state state,
               msec_t now);
void fleet_leave(struct fleet *fleet, int index, msec_t now);

/* Of one that has left, a verdict is nothing. */
void fleet_note(struct fleet *fleet, int index, enum fleet_verdict verdict, msec_t now);

/* How far a server says it is behind; believed for a second, so that none is left out for ever.
 * For any thread, without a lock. */
void fleet_note_lag(struct fleet *fleet, int index, msec_t lag, msec_t now);

/* Reading, by any thread, without a lock but for the name */

uint64_t fleet_members(const struct fleet *fleet, uint64_t service); /* a bit for each index */
enum fleet_state fleet_state(const struct fleet *fleet, int index);
msec_t fleet_lag(const struct fleet *fleet, int index, msec_t now); /* 0: nothing is known */

/* 0: it was up when it joined, or when the first ones were checked. */
msec_t fleet_up_since(const struct fleet *fleet, int index);

/* Changes whenever a server takes the place, be it the one that left. */
unsigned fleet_generation(const struct fleet *fleet, int index);

/* Of the one that has the place, or had it last; and its generation. */
unsigned fleet_name(struct fleet *fleet, int index, char name[FLEET_NAME_SIZE]);

#endif
