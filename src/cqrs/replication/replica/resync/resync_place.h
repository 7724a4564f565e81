/* How far a resynchronisation has come, kept in the replica's database, so that a process which
 * dies goes on where it was. */
#ifndef CQRS_REPLICATION_REPLICA_RESYNC_RESYNC_PLACE_H
#define CQRS_REPLICATION_REPLICA_RESYNC_RESYNC_PLACE_H

#include "base/ident.h"
#include "cqrs/replication/position.h"
#include "io/pg/pg_session.h"

enum { RESYNC_STAGE_SIZE = 64 };

struct resync_place {
    struct position noted; /* the stream's top when it began */
    char epoch[48];
    char stage[RESYNC_STAGE_SIZE]; /* the collection at hand; empty: the events, behind all of them
                                    */
    char after[UUID_TEXT_SIZE];    /* the last id that is stored; empty: none yet */
    bool replaces;                 /* not stored: what is there is of another epoch */
};

/* `*was_there` tells whether the service had one. False with the session's fault. */
bool resync_place_load(struct pg_session *session, const char *service, struct resync_place *out,
                       bool *was_there) must_check;

/* These queue the statement. */
void resync_place_save(struct pg_session *session, const char *service,
                       const struct resync_place *place);
void resync_place_drop(struct pg_session *session, const char *service);

#endif
