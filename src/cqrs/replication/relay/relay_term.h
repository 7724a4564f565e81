/* One time of leading, as the files of the relay share it; nobody else needs to know. */
#ifndef CQRS_REPLICATION_RELAY_RELAY_TERM_H
#define CQRS_REPLICATION_RELAY_RELAY_TERM_H

#include "cqrs/calendar.h"
#include "cqrs/replication/relay/relay.h"
#include "cqrs/replication/relay/relay_window.h"
#include "io/pg/pg_log.h"
#include "io/pg/pg_session.h"

struct relay {
    struct background background;
    struct relay_options options;
    _Atomic(const char *) state;
    struct metric *published, *refused, *is_leader, *wal_kept;
    struct calendar calendar;
    const char *spoilt; /* the service whose stream the next term begins anew; NULL: none */
    msec_t wal_at;
};

/* Lifetime: one time of leading. */
struct term {
    struct relay *relay;
    struct pg_session *session;
    struct pg_log *log;
    struct redis_conn *redis;
    char epoch[48];
    uint64_t log_end; /* when the term began */
    struct relay_stream *streams;
    size_t stream_count;
    struct relay_window window;
    struct buf schemas;  /* fingerprints of those that are beside the streams */
    bool is_paused;      /* a stream is full */
    uint64_t releasable; /* of the log, once it has been sent up to `noted_at` */
    uint64_t noted_at;
    msec_t tend_at, settled_at, keys_at;
};

void relay_set_state(struct relay *relay, const char *state);

/* Says in the log what broke; false, for returning at once. */
bool relay_complain(const char *what, const char *why);

/* What is wrong with Redis, which answered in another way than was hoped for, or not at all. */
const char *relay_redis_fault(const struct term *term);

/* Also by a process that only stands by: it writes too, by its own clock. */
bool relay_tend_calendar(const struct term *term) must_check;

/* Also by a process that stands by, or is kept from leading: that is when the log grows. */
bool relay_tell_wal_kept(const struct term *term) must_check;

/* What a leader does several times a second besides publishing: hear the replicas, trim and measure
 * the streams, confirm to the slot, drop what is too old. False when the term is over. */
bool relay_tend(struct term *term) must_check;

#endif
