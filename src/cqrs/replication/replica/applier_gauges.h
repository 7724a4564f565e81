/* How an applier stands, for people, for readiness and for Prometheus: told by its thread, asked by
 * any. */
#ifndef CQRS_REPLICATION_REPLICA_APPLIER_GAUGES_H
#define CQRS_REPLICATION_REPLICA_APPLIER_GAUGES_H

#include <pthread.h>

#include "base/metric.h"
#include "cqrs/replication/replica/block/dead_letters.h"
#include "cqrs/replication/replica/replica_lag.h"

struct applier_status {
    const char *state; /* "starting", "standby", "resynchronising" or "following" */
    bool is_filled;    /* the database was brought up to some moment */
    bool is_measured;  /* the lag, here, by looking at the stream; else it is what was known last */
    struct lag lag;
    int64_t applied;      /* events, since start */
    int64_t filled;       /* records and events that resynchronisations brought, since start */
    int64_t dead_letters; /* as this process last saw */
};

/* Lives as long as the process. */
struct applier_gauges {
    _Atomic(const char *) state;
    atomic_bool is_filled, is_measured;
    _Atomic int64_t lag_events, lag_bytes, lag_ms;
    _Atomic msec_t looked_at; /* when the lag was measured last; 0: never */
    struct metric *applied, *resyncs, *filled, *is_following, *dead_letters;
    struct metric *events_behind, *bytes_behind, *ms_behind;
    pthread_mutex_t lock;
    struct buf first_letters; /* under the lock: JSON objects between commas */
};

/* Registers the service's metrics; the state is "starting". */
void applier_gauges_open(struct applier_gauges *gauges, struct metrics *metrics,
                         const char *service);

void applier_gauges_set_state(struct applier_gauges *gauges, const char *state);
void applier_gauges_set_lag(struct applier_gauges *gauges, struct lag lag);

/* The stream is out of sight: so long ago the replica was up to date, as somebody knew. */
void applier_gauges_recall_lag(struct applier_gauges *gauges, int64_t ms);

/* Reads the first of them, for people. False with the session's fault. */
bool applier_gauges_set_letters(struct applier_gauges *gauges, const struct dead_letters *letters,
                                struct pg_session *session) must_check;

/* JSON objects between commas. */
void applier_gauges_write_letters(struct applier_gauges *gauges, struct buf *out);

/* What was known says nothing any more; it will soon be measured. */
void applier_gauges_forget_lag(struct applier_gauges *gauges);

struct applier_status applier_gauges_status(const struct applier_gauges *gauges);

/* Brings the metrics up to now. */
void applier_gauges_measure(const struct applier_gauges *gauges);

#endif
