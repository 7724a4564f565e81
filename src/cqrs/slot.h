/* The logical replication slot and the epoch that names its log.
 *
 * A log that begins anew has a new name, and the name is written before the slot is made: a crash
 * between the two only makes another new name. */
#ifndef CQRS_SLOT_H
#define CQRS_SLOT_H

#include "io/pg/pg_session.h"

/* Makes the slot where it is not there, or where PostgreSQL has let go of the log that it needs.
 * False, with a line in `why`, when that failed or another process is at it. */
bool slot_ensure(struct pg_session *session, const char *slot, char *why,
                 size_t why_size) must_check;

#endif
