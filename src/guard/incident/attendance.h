/* Who is there and who serves: every server's availability, and that of groups in which one that
 * serves is enough: each side, and each service's share of a side.
 *
 * A server serves while it is up. For one service it does not while that service's pool has ejected
 * it; for the others it goes on. Not locked: its owner does that. Pure: the time is passed in. */
#ifndef GUARD_INCIDENT_ATTENDANCE_H
#define GUARD_INCIDENT_ATTENDANCE_H

#include "base/str.h"
#include "guard/incident/availability.h"

enum {
    ATTENDANCE_SIDES = 2,
    ATTENDANCE_SERVERS = 64,  /* of a side */
    ATTENDANCE_SERVICES = 64, /* a bit for each */
    ATTENDANCE_NAME_SIZE = 64,
    ATTENDANCE_ALL = -1, /* services: the whole side */
};

struct attendance;

/* A place in it: one server's, by its index in the side's fleet. */
struct attendant {
    unsigned side;
    int server;
};

struct attendance *attendance_new(size_t services);
void attendance_free(struct attendance **attendance);

/* A server that joins begins anew, and is not observed before its first verdict. `services`: a bit
 * for each that it serves. */
void attendance_join(struct attendance *attendance, struct attendant who, struct str name,
                     uint64_t services);
void attendance_leave(struct attendance *attendance, struct attendant who, msec_t now);

/* The verdicts. What they end: its length, or AVAILABILITY_NONE. */
msec_t attendance_serve(struct attendance *attendance, struct attendant who, msec_t now);
void attendance_fail(struct attendance *attendance, struct attendant who, msec_t first_sign,
                     msec_t now);
void attendance_eject(struct attendance *attendance, struct attendant who, size_t service,
                      msec_t now);
msec_t attendance_return(struct attendance *attendance, struct attendant who, size_t service,
                         msec_t now);

/* Empty for one that is not there. */
const char *attendance_name(const struct attendance *attendance, struct attendant who);

const struct availability *attendance_server(const struct attendance *attendance,
                                             struct attendant who);
const struct availability *attendance_group(const struct attendance *attendance, unsigned side,
                                            int service);

#endif
