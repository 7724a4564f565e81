/* What happened to the servers behind and to what stands before them: the latest incidents, and
 * what follows from all of them, each server's and each group's availability.
 *
 * Under a lock of its own, off the way of requests: any thread may call. Pure: the time is passed
 * in, monotonic. */
#ifndef GUARD_INCIDENT_INCIDENTS_H
#define GUARD_INCIDENT_INCIDENTS_H

#include "guard/incident/attendance.h"

/* Name, and the word that clients and metrics see. */
#define INCIDENT_TABLE(X)                                                                          \
    X(UP, "up")             /* a server serves, first or again */                                  \
    X(DOWN, "down")         /* it does not answer */                                               \
    X(UNREADY, "unready")   /* it answers that it cannot, or is leaving */                         \
    X(EJECTION, "ejection") /* one service asks it no more, for a while */                         \
    X(RETURN, "return")     /* that service asks it again */                                       \
    X(FAILOVER, "failover") /* a stand-by took the principal's place */                            \
    X(FAILBACK, "failback") /* the principal has it again */                                       \
    X(TOGGLE, "toggle")     /* a compartment was switched, over: on again */                       \
    X(FAULT, "fault")       /* one was injected, over: no more */                                  \
    X(JOINED, "joined")     /* a server was found */                                               \
    X(LEFT, "left")         /* it is not asked any more */

enum incident_kind {
#define INCIDENT_ENUM(name, word) INCIDENT_##name,
    INCIDENT_TABLE(INCIDENT_ENUM)
#undef INCIDENT_ENUM
        INCIDENT_KIND_COUNT
};

enum { INCIDENT_NONE = -1, INCIDENTS_KEPT = 1000, INCIDENT_WHY_SIZE = 200 };

struct incident {
    uint64_t id; /* 1, 2, 3 … since start */
    msec_t at;
    enum incident_kind kind;
    unsigned side;
    int service, server;             /* INCIDENT_NONE: no particular one */
    uint64_t services;               /* JOINED: a bit for each that it serves */
    char name[ATTENDANCE_NAME_SIZE]; /* the server's */
    char why[INCIDENT_WHY_SIZE];     /* for people; may be empty */
    bool is_over;                    /* TOGGLE, FAULT */
    msec_t duration; /* of what it ends; INCIDENT_NONE: nothing that began since start */
};

struct incidents; /* lifetime: the process's */

/* Of so many services, of which there are at most ATTENDANCE_SERVICES. */
struct incidents *incidents_new(size_t services);
void incidents_free(struct incidents **incidents);

/* One of that kind, which concerns nothing yet. */
struct incident incident_of(enum incident_kind kind, unsigned side);
void incident_set_name(struct incident *incident, struct str name);
void incident_set_why(struct incident *incident,
                      struct str why); /* what fits, in whole characters */

const char *incident_word(enum incident_kind kind);

/* "disabled" or "enabled" for a TOGGLE, "injected" or "over" for a FAULT; NULL for the others. */
const char *incident_state(const struct incident *incident);

/* Notes it, and fills in what was left open: id, at, the name of a server that is there, and the
 * duration, which only for a FAULT is the caller's. */
void incidents_note(struct incidents *incidents, struct incident *incident, msec_t now);

/* A failed sign of a server, a check or a request, from which on it may turn out to be down. Costs
 * a look unless it is the first. A good sign, of a check, takes it back. */
void incidents_note_failed_sign(struct incidents *incidents, struct attendant who, msec_t now);
void incidents_note_good_sign(struct incidents *incidents, struct attendant who);

/* Copies the newest, newest first, of this kind (INCIDENT_KIND_COUNT: of all) and after this id;
 * how many they are. */
size_t incidents_find(struct incidents *incidents, enum incident_kind kind, uint64_t after,
                      struct incident *out, size_t limit);

/* False where there is no such server. */
bool incidents_read_server(struct incidents *incidents, struct attendant who, msec_t now,
                           char name[ATTENDANCE_NAME_SIZE],
                           struct availability_figures *out) must_check;

/* `service` may be ATTENDANCE_ALL. */
struct availability_figures incidents_read_group(struct incidents *incidents, unsigned side,
                                                 int service, msec_t now);

#endif
