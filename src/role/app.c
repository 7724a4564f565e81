#include "role/app.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "role/admin.h"
#include "role/http/documents.h"
#include "role/http/old_paths.h"
#include "role/presence/ping_answer.h"

enum {
    TURN_MS = 500,
    EXIT_OK = 0,
    EXIT_FAILED = 1,
    EXIT_CONFIG = 78,  /* sysexits.h */
    FINISH_MS = 10000, /* for the answers under way, once no new request is taken */
};

/* A thread's way into its loop. */
struct opening {
    struct app *app;
    pthread_barrier_t *all_open;
    atomic_uint *failed;
};

static void observe(void *arg, int status, int64_t microseconds)
{
    struct app *app = arg;
    if (status > 0 && status < HTTP_STATUS_MAX && app->process->answers[status] != NULL)
        metric_add(app->process->answers[status], 1);
    metric_observe(app->process->seconds, microseconds);
}

static void handle(struct http_request *request)
{
    struct app *app = request->arg;
    if (!ping_answer_handle(request))
        app->process->role->handle(request);
}

/* A loop's share: two bodies fit at the least, or none would. */
static int64_t budget_share(const struct settings *settings, unsigned loops)
{
    int64_t share = settings->body_budget_bytes / loops;
    int64_t least = 2 * settings->body_bytes_max;
    return share > least ? share : least;
}

static bool open_app(struct app *app)
{
    struct process *process = app->process;
    const struct settings *settings = &process->settings;
    char mistake[256];
    struct http_server_options options = {
        .address = settings->listen,
        .port = (int)settings->port,
        .connections_max = settings->connections_max / process->app_count + 1,
        .body_bytes_max = settings->body_bytes_max,
        .body_budget_bytes = budget_share(settings, process->app_count),
        .greet = process->role->greet,
        .handler = handle,
        .write_refusal = old_paths_write_refusal,
        .observe = observe,
        .arg = app};
    app->loop = loop_new();
    if (process->role->open_app != NULL && !process->role->open_app(app))
        return false;
    app->server = http_server_open(app->loop, &options, mistake, sizeof(mistake));
    if (app->server == NULL)
        log_error("process.cannot_listen", log_text("why", mistake));
    return app->server != NULL;
}

static void *app_thread(void *arg)
{
    struct opening opening = *(struct opening *)arg;
    struct app *app = opening.app;
    free(arg);
    if (!open_app(app))
        atomic_fetch_add(opening.failed, 1);
    pthread_barrier_wait(opening.all_open);
    while (app->server != NULL)
        loop_turn(app->loop, TURN_MS);
    return NULL;
}

static bool are_ports_free(const struct settings *settings)
{
    char mistake[256];
    bool are_free =
        http_server_is_free(settings->listen, (int)settings->port, mistake, sizeof(mistake)) &&
        http_server_is_free(settings->listen, (int)settings->admin_port, mistake, sizeof(mistake));
    if (!are_free)
        log_error("process.cannot_listen", log_text("why", mistake));
    return are_free;
}

/* Starts every loop; false when one of them could not open. */
static bool start_apps(struct process *process)
{
    pthread_barrier_t all_open;
    atomic_uint failed = 0;
    pthread_barrier_init(&all_open, NULL, process->app_count + 1);
    for (unsigned i = 0; i < process->app_count; i++) {
        struct app *app = &process->apps[i];
        struct opening *opening = mem_new(1, sizeof(*opening));
        *app = (struct app){.process = process, .index = i};
        *opening = (struct opening){app, &all_open, &failed};
        if (pthread_create(&app->thread, NULL, app_thread, opening) != 0)
            abort();
    }
    pthread_barrier_wait(&all_open);
    /* Waits for those that are still about to leave it: it is in our stack frame. */
    pthread_barrier_destroy(&all_open);
    return failed == 0;
}

/* Stopping */

struct stopping {
    struct process *process;
    struct loop *loop;
    int signals;
    struct loop_timer timer;
    msec_t give_up_at;
    enum { RUNNING, DRAINING, FINISHING } phase;
};

static void drain_app(void *arg)
{
    struct app *app = arg;
    http_server_drain(app->server);
    if (app->process->role->drain_app != NULL)
        app->process->role->drain_app(app);
}

static size_t connections(const struct process *process)
{
    size_t count = 0;
    for (unsigned i = 0; i < process->app_count; i++)
        count += http_server_connections(process->apps[i].server);
    return count;
}

static void end_process(struct process *process, int status)
{
    if (process->role->stop != NULL)
        process->role->stop(process);
    log_info("process.stopped", log_number("connections_left", (int64_t)connections(process)));
    /* Loops are not unwound: everything that must last is already elsewhere. */
    _exit(status);
}

/* A gateway may be long about an answer, if it was told so. */
static msec_t finish_ms(const struct process *process)
{
    msec_t request = process->settings.request_timeout_ms;
    return request > FINISH_MS ? request : FINISH_MS;
}

static void on_stopping_timer(struct loop_timer *timer)
{
    enum { LOOK_EVERY_MS = 20 };
    struct stopping *stopping = container_of(timer, struct stopping, timer);
    struct process *process = stopping->process;
    if (stopping->phase == DRAINING) {
        stopping->phase = FINISHING;
        stopping->give_up_at = clock_monotonic() + finish_ms(process);
        for (unsigned i = 0; i < process->app_count; i++)
            loop_post(process->apps[i].loop, drain_app, &process->apps[i]);
    } else if (connections(process) == 0 || clock_monotonic() >= stopping->give_up_at) {
        end_process(process, EXIT_OK);
    }
    loop_timer_start(stopping->loop, timer, LOOK_EVERY_MS);
}

static void on_signal(void *arg)
{
    struct stopping *stopping = arg;
    struct process *process = stopping->process;
    struct signalfd_siginfo info;
    if (read(stopping->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return;
    if (stopping->phase != RUNNING) {
        log_warn("process.stopped_at_once");
        _exit(EXIT_OK);
    }
    stopping->phase = DRAINING;
    atomic_store(&process->is_draining, true);
    log_info("process.draining", log_number("seconds", process->settings.drain_seconds));
    loop_timer_start(stopping->loop, &stopping->timer, process->settings.drain_seconds * 1000);
}

/* The main thread: signals and the admin listener, until the process ends. */
static int supervise(struct process *process, int signals)
{
    struct loop *loop = loop_new();
    struct stopping stopping = {.process = process, .loop = loop, .signals = signals};
    char mistake[256];
    if (!admin_open(process, loop, mistake, sizeof(mistake))) {
        log_error("process.cannot_listen", log_text("why", mistake));
        return EXIT_FAILED;
    }
    stopping.timer.fired = on_stopping_timer;
    if (loop_watch_open(loop, signals, on_signal, &stopping) == NULL)
        return EXIT_FAILED;
    for (;;)
        loop_turn(loop, TURN_MS);
}

/* Starting */

/* The threads inherit the mask: signals only ever arrive at the descriptor. */
static int catch_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void raise_descriptor_limit(const struct settings *settings)
{
    enum { OTHERS = 512 };
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    /* A live stream is watched, and at a gateway it has another one behind it. */
    int64_t wanted = settings->connections_max + 2 * settings->live_clients_max + OTHERS;
    if (limit.rlim_cur < (rlim_t)wanted)
        log_warn("process.few_descriptors", log_number("limit", (int64_t)limit.rlim_cur),
                 log_number("wanted", wanted));
}

static void register_metrics(struct process *process)
{
    for (int status = 0; status < HTTP_STATUS_MAX; status++) {
        char labels[32];
        if (strcmp(status_http_phrase(status), "Unknown") == 0)
            continue;
        snprintf(labels, sizeof(labels), "code=\"%d\"", status);
        process->answers[status] =
            metric_get(process->metrics, METRIC_KIND_COUNTER, "mamparo_http_answers_total",
                       "Answers by status", labels);
    }
    process->seconds =
        metric_get(process->metrics, METRIC_KIND_HISTOGRAM, "mamparo_http_request_seconds",
                   "From the whole request to its answer", "");
}

static enum log_level level_of(const char *name)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    size_t level = 0;
    while (strcmp(names[level], name) != 0)
        level++;
    return (enum log_level)level;
}

void app_refuse_model(const char *mistakes)
{
    fprintf(stderr,
            "mamparo: the models do not fit what earlier versions of them have written:\n%s",
            mistakes);
    log_error("process.incompatible_model", log_text("mistakes", mistakes));
    _exit(EXIT_CONFIG);
}

struct model *app_load_model(const struct settings *settings)
{
    struct buf mistakes = {0};
    struct model *model = model_load(settings->models, &mistakes);
    bool makes_pseudonyms = strcmp(settings->server_type, "write") == 0;
    if (model != NULL && makes_pseudonyms &&
        !model_set_pseudonym_key(model, settings->pseudonym_key, &mistakes))
        model_free(&model);
    if (model != NULL && settings->search_language != NULL)
        model_set_queries(model, settings->search_language, settings->cluster_key);
    if (model == NULL)
        fprintf(stderr, "mamparo: the models have mistakes:\n%s", mistakes.ptr);
    buf_free(&mistakes);
    return model;
}

int app_run(const struct settings *settings)
{
    struct model *model = app_load_model(settings);
    if (model == NULL)
        return EXIT_CONFIG;
    struct process *process = mem_new(1, sizeof(*process));
    process->settings = *settings;
    process->started_at = clock_wall_ms();
    process->role = role_find(settings->server_type);
    process->model = model;
    process->documents = documents_make(model);
    log_open(level_of(settings->log_level), settings->server_type);
    raise_descriptor_limit(settings);
    int signals = catch_signals();
    process->metrics = metrics_new();
    register_metrics(process);
    live_limit_init(&process->live_limit, settings->live_clients_max, process->metrics);
    process->app_count = (unsigned)settings->threads;
    process->apps = mem_new(process->app_count, sizeof(struct app));
    if (process->role->prepare != NULL)
        process->role->prepare(process);
    if (!are_ports_free(settings) || !start_apps(process))
        return EXIT_FAILED;
    if (process->role->start != NULL)
        process->role->start(process);
    log_info("process.started", log_text("version", MAMPARO_VERSION),
             log_number("port", settings->port), log_number("admin_port", settings->admin_port),
             log_number("threads", settings->threads));
    return supervise(process, signals);
}

/* Pools */

static void on_pool_change(void *arg, bool is_up, const char *why)
{
    struct app *app = arg;
    if (is_up != app->is_database_up)
        atomic_fetch_add(&app->process->pools_up, is_up ? 1u : -1u);
    app->is_database_up = is_up;
    if (is_up)
        log_info("database.up", log_number("loop", app->index));
    else if (!app->has_told_down) /* each attempt that fails comes here; one line is enough */
        log_warn("database.down", log_number("loop", app->index), log_text("why", why));
    app->has_told_down = !is_up;
}

struct pg_pool *app_open_pool(struct app *app, const char *url, enum pool_use use)
{
    /* More in one Sync gains nothing measurable and makes a failure dearer. */
    enum { NETWORK_MS = 1000, TOGETHER_MAX = 32, TOGETHER_MIN = 8 };
    const struct settings *settings = &app->process->settings;
    struct pg_pool_options options = {.url = url,
                                      .connections = (int)settings->database_connections,
                                      .queue_max = settings->database_queue,
                                      .queue_ms = settings->queue_ms,
                                      .statement_ms = settings->statement_timeout_ms,
                                      .lock_ms = settings->lock_timeout_ms,
                                      .batch_max = TOGETHER_MAX,
                                      .batch_min = use == POOL_USE_WRITES ? TOGETHER_MIN : 0,
                                      .timeout = STATUS_TIMEOUT,
                                      .on_change = on_pool_change,
                                      .arg = app};
    if (use != POOL_USE_WRITES) {
        options.follows_askers = true;
        options.timeout = STATUS_QUERY_TIMEOUT;
    }
    if (use == POOL_USE_QUERIES) {
        options.connections = (int)settings->query_connections;
        options.statement_ms = settings->query_timeout_ms;
        options.batch_max = 1;
        options.on_change = NULL;
    }
    options.batch_ms = options.statement_ms + NETWORK_MS;
    return pg_pool_open(app->loop, &options);
}
