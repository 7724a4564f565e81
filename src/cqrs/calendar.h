/* What grows for ever lies in monthly partitions, which are dropped whole: mamparo.events on the
 * write side, mamparo.history on a replica. The SQL functions that it calls come with the tables
 * (model/ddl). */
#ifndef CQRS_CALENDAR_H
#define CQRS_CALENDAR_H

#include "io/pg/pg_session.h"

enum { CALENDAR_MONTHS_MAX = 64 };

/* Set the first two; leave the rest zeroed. */
struct calendar {
    const char *table;               /* "events" */
    int64_t days;                    /* what is older may be dropped; 0: nothing */
    int months[CALENDAR_MONTHS_MAX]; /* known to be there: years since 0 times 12 and months */
    size_t month_count;
    msec_t drop_at, forget_at;
};

/* The first moment that is still kept: of a month, since they are dropped whole. INT64_MIN where
 * everything is. */
int64_t calendar_first(const struct calendar *calendar, int64_t now_wall_ms);

/* For each session anew: a database that broke down may have lost what it was told last. */
void calendar_forget(struct calendar *calendar);

/* Sees that the month has its partition. False with the session's fault. */
bool calendar_open(struct calendar *calendar, struct pg_session *session,
                   int64_t wall_ms) must_check;

/* Opens this month and the next before they are needed, and, now and then, drops the months that
 * are wholly too old, unless somebody reads them. False with the session's fault. */
bool calendar_tend(struct calendar *calendar, struct pg_session *session) must_check;

#endif
