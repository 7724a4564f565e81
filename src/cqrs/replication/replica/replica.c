#include "cqrs/replication/replica/replica.h"

#include <stdio.h>

#include "cqrs/replication/replica/applier.h"

struct replica {
    struct replica_options options;
    pthread_mutex_t migrating;
    struct applier **appliers; /* by the service's place in the model */
    struct validity **validity;
    size_t count;
};

struct replica *replica_new(const struct replica_options *options)
{
    struct replica *replica = mem_new(1, sizeof(*replica));
    replica->options = *options;
    replica->options.migrating = &replica->migrating;
    replica->options.process = uuid_new();
    pthread_mutex_init(&replica->migrating, NULL);
    replica->appliers = mem_new(options->model->service_count, sizeof(struct applier *));
    replica->validity = mem_new(options->model->service_count, sizeof(struct validity *));
    for (size_t i = 0; i < options->model->service_count; i++, replica->count++) {
        replica->validity[i] = validity_new();
        replica->appliers[i] =
            applier_new(&replica->options, &options->model->services[i], replica->validity[i]);
    }
    return replica;
}

void replica_start(struct replica *replica)
{
    for (size_t i = 0; i < replica->count; i++)
        applier_start(replica->appliers[i]);
}

void replica_stop(struct replica *replica)
{
    for (size_t i = 0; i < replica->count; i++)
        applier_stop(replica->appliers[i]);
}

const char *replica_state(const struct replica *replica)
{
    /* The state of the one that is furthest from following. */
    static const char *const order[] = {"starting", "resynchronising", "following", "standby"};
    size_t least = countof(order) - 1;
    for (size_t i = 0; i < replica->count; i++) {
        size_t at = 0;
        while (strcmp(order[at], applier_status(replica->appliers[i]).state) != 0)
            at++;
        least = at < least ? at : least;
    }
    return order[least];
}

const char *replica_unready(const struct replica *replica)
{
    for (size_t i = 0; i < replica->count; i++) {
        struct applier_status status = applier_status(replica->appliers[i]);
        if (!status.is_filled)
            return "the replica has not been filled yet";
        /* With the stream out of sight nobody is fresher: what is here can still be served. */
        if (status.is_measured && status.lag.ms > replica->options.lag_max_ms)
            return "the replica is too far behind";
    }
    return NULL;
}

static size_t index_of(const struct replica *replica, const struct service *service)
{
    return (size_t)(service - replica->options.model->services);
}

static struct applier_status status_of(const struct replica *replica, const struct service *service)
{
    return applier_status(replica->appliers[index_of(replica, service)]);
}

int64_t replica_lag_ms(const struct replica *replica, const struct service *service)
{
    return status_of(replica, service).lag.ms;
}

int64_t replica_applied(const struct replica *replica, const struct service *service)
{
    struct applier_status status = status_of(replica, service);
    return status.applied + status.filled;
}

const struct validity *replica_validity(const struct replica *replica,
                                        const struct service *service)
{
    return replica->validity[index_of(replica, service)];
}

void replica_measure(const struct replica *replica)
{
    for (size_t i = 0; i < replica->count; i++)
        applier_measure(replica->appliers[i]);
}

void replica_write_status(const struct replica *replica, struct buf *out)
{
    buf_printf(out, ",\"replica\":\"%s\",\"services\":{", replica_state(replica));
    for (size_t i = 0; i < replica->count; i++) {
        struct applier_status status = applier_status(replica->appliers[i]);
        buf_printf(out,
                   "%s\"%s\":{\"state\":\"%s\",\"filled\":%s,\"lag_events\":%lld,"
                   "\"lag_bytes\":%lld,\"lag_ms\":%lld,\"resynchronised_records\":%lld,"
                   "\"dead_letters\":%lld,\"first_dead_letters\":[",
                   i == 0 ? "" : ",", replica->options.model->services[i].name, status.state,
                   status.is_filled ? "true" : "false", (long long)status.lag.events,
                   (long long)status.lag.bytes, (long long)status.lag.ms, (long long)status.filled,
                   (long long)status.dead_letters);
        applier_write_letters(replica->appliers[i], out);
        buf_append_text(out, "]}");
    }
    buf_append_char(out, '}');
}
