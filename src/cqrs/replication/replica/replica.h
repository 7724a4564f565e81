/* The replica: an applier for each service, and how far each has come. */
#ifndef CQRS_REPLICATION_REPLICA_REPLICA_H
#define CQRS_REPLICATION_REPLICA_REPLICA_H

#include "cqrs/replication/background.h"
#include "cqrs/replication/replica/replica_cursor.h"
#include "model/model.h"

struct replica_options {
    const struct model *model;
    const char *database_url, *redis_url;
    const char *write_servers; /* "host:port,…": where a new replica gets its records */
    const char *cluster_key;   /* NULL: none */
    int64_t history_days;      /* how long it is kept; 0: for ever */
    struct metrics *metrics;
    atomic_bool *is_migrated;                   /* set once the tables are there */
    void (*refuse_model)(const char *mistakes); /* does not return */
    int64_t lag_max_ms;         /* a replica that is further behind takes no traffic */
    pthread_mutex_t *migrating; /* the replica's own */
    struct uuid process;        /* likewise: its name for the database */
};

struct replica;
struct validity;

/* From its start on, threads of its own fill it; it may be asked for anything before. */
struct replica *replica_new(const struct replica_options *options);
void replica_start(struct replica *replica);
void replica_stop(struct replica *replica);

/* "starting", "standby", "resynchronising" or "following", for people. */
const char *replica_state(const struct replica *replica);

/* Why it had better not be asked; NULL: nothing is wrong. */
const char *replica_unready(const struct replica *replica);

/* How old what it says of a service may be: since the last moment at which it was known to be up to
 * date, by this process or one before. */
int64_t replica_lag_ms(const struct replica *replica, const struct service *service);

/* Grows with every change that this process applies of a service. */
int64_t replica_applied(const struct replica *replica, const struct service *service);

/* What may be served from memory of a service. */
const struct validity *replica_validity(const struct replica *replica,
                                        const struct service *service);

/* Brings the gauges up to now. */
void replica_measure(const struct replica *replica);

/* Members for /statusz: how each service stands. */
void replica_write_status(const struct replica *replica, struct buf *out);

#endif
