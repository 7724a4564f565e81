/* The skeleton that every role fills: one process, several loops, one app on each.
 *
 *   main thread: signals, admin listener        loop threads: app → HTTP server, pools
 *   background thread: relay or replica
 *
 * Nothing is shared on the hot path but what never changes and a few atomics. */
#ifndef ROLE_APP_H
#define ROLE_APP_H

#include "base/ident.h"
#include "base/metric.h"
#include "cqrs/replication/relay/relay.h"
#include "cqrs/replication/replica/replica.h"
#include "cqrs/write/write_batch.h"
#include "guard/admission.h"
#include "io/http/http_server.h"
#include "model/model.h"
#include "role/live/live_limit.h"
#include "role/settings.h"

struct app;
struct process;
struct forwarder;
struct gateway;
struct door;
struct read_gate;
struct documents;

/* What makes a role: one line of the table in role.c. */
struct role {
    const char *name;
    void (*prepare)(struct process *process); /* before any loop; may be NULL */
    http_handler_fn *greet;                   /* names a request; may be NULL */
    http_handler_fn *handle;                  /* request->arg is the app */
    bool (*open_app)(struct app *app);      /* in the app's thread, before it serves; may be NULL */
    void (*start)(struct process *process); /* the background, once; may be NULL */
    void (*stop)(struct process *process);  /* the background; may be NULL */
    const char *(*unready)(struct process *process); /* why it cannot do its job; NULL: it can */
    void (*write_status)(struct process *process, struct buf *out); /* members for /statusz */
    void (*drain_app)(struct app *app); /* in its thread, when it takes no more; may be NULL */
    void (*measure)(struct process *process); /* gauges, before /metrics; may be NULL */
    /* request->arg is the process; false: that is no path of the role's. May be NULL. */
    bool (*handle_admin)(struct http_request *request);
};

const struct role *role_find(const char *name);

/* One loop's part of the process. */
struct app {
    struct process *process;
    unsigned index;
    struct loop *loop;
    struct http_server *server;
    struct pg_pool *pool;          /* write; read: for what is found by a key */
    struct pg_pool *queries;       /* read: for what may take long */
    struct record_store *records;  /* write */
    struct write_desk *write_desk; /* write */
    struct key_claims key_claims;  /* write */
    struct batch_desk batch_desk;  /* write */
    struct read_gate *read_gate;   /* read */
    struct record_cache *cache;    /* read */
    struct list_cache *lists;      /* read */
    struct forwarder *forwarder;   /* bulkhead */
    struct door *door;             /* bulkhead */
    struct ident_well idents;      /* bulkhead, write */
    struct live_desk *live_desk;   /* read */
    struct live_gateway *live;     /* bulkhead */
    bool is_database_up, has_told_down;
    pthread_t thread;
};

enum { HTTP_STATUS_MAX = 600 };

struct process {
    struct settings settings;
    const struct role *role;
    struct model *model;
    struct documents *documents;
    struct metrics *metrics;
    struct metric *answers[HTTP_STATUS_MAX]; /* by status; registered at start */
    struct metric *seconds;
    struct app *apps;
    unsigned app_count;
    struct relay *relay;
    struct replica *replica;
    struct live_feed **live_feeds;    /* read; by the service's place in the model */
    struct live_limit live_limit;     /* read, bulkhead */
    struct gateway *gateway;          /* bulkhead: what its loops share */
    struct announcer *announcer;      /* write, read; NULL: it is not announced */
    struct admission read_after_room; /* read: those that may wait for what they name */
    struct loop *admin_loop;
    atomic_uint pools_up; /* apps that have a database connection */
    atomic_bool is_migrated, has_reached_redis, is_draining;
    int64_t started_at; /* wall milliseconds */
};

/* Runs the process of the given settings until it is told to stop; returns the exit status. */
int app_run(const struct settings *settings);

/* The models, with what the role needs for them; NULL after saying why. */
struct model *app_load_model(const struct settings *settings);

/* Ends the process with what is wrong with its models, a line each. */
void app_refuse_model(const char *mistakes) __attribute__((noreturn));

/* Opens a pool of the app on `url`. That of the queries runs one at a time on each connection. */
enum pool_use { POOL_USE_WRITES, POOL_USE_LOOK_UPS, POOL_USE_QUERIES };
struct pg_pool *app_open_pool(struct app *app, const char *url, enum pool_use use);

#endif
