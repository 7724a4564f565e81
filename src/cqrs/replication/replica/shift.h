/* An applier at work: one time of applying a service's stream, from having the place until any
 * trouble ends it. For applier.c alone, which has another one begin.
 *
 *   (fill the replica) → read the stream → apply → look at it → report → … */
#ifndef CQRS_REPLICATION_REPLICA_SHIFT_H
#define CQRS_REPLICATION_REPLICA_SHIFT_H

#include "cqrs/replication/replica/applier.h"
#include "cqrs/replication/replica/block/replica_block.h"
#include "cqrs/replication/replica/replica_flush.h"
#include "cqrs/replication/replica/resync/write_servers.h"

/* Lifetime: the process's. */
struct applier {
    struct background background;
    const struct replica_options *options;
    const struct service *service;
    struct validity *validity;
    struct applier_gauges gauges;
    struct write_servers servers;
    struct calendar calendar;
    struct position poison_behind; /* the cursor, when what comes next could not be applied */
    int poison_tries;
};

/* Lifetime: one time of applying. */
struct shift {
    struct applier *applier;
    struct pg_session *session;
    struct redis_conn *redis;
    char id[48]; /* of the database, for the relay */
    struct replica_cursor cursor;
    struct replica_flush flush;
    msec_t report_at, look_at, letters_at, save_at;
    struct dead_letters letters;
    struct lag_meter meter;
    struct writer_schemas schemas;
    int64_t count;     /* of entries to be read at once */
    bool has_reported; /* the answer comes before that to the next read */
};

/* Logs what went wrong; false, for returning at once. */
bool shift_complain(const struct shift *shift, const char *what, const char *why);

void shift_set_state(struct applier *applier, const char *state);

/* The records that have dead letters. False after complaining. */
bool shift_load_letters(struct shift *shift) must_check;

/* Fills the replica where it is empty, and applies until something ends it. */
void shift_follow(struct shift *shift);

#endif
