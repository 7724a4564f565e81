#include "role/read.h"

#include "cqrs/cache/record_cache.h"
#include "cqrs/query/read_store.h"
#include "role/http/answer.h"
#include "role/http/checksum.h"
#include "role/http/documents.h"
#include "role/http/list/list_answer.h"
#include "role/http/old_paths.h"
#include "role/http/older_names.h"
#include "role/http/read_answer.h"
#include "role/live/live_desk.h"
#include "role/presence/announcer.h"
#include "role/read_gate.h"

/* Lifetime: a request's, while the database is at it. */
struct look {
    struct http_request *request;
    int64_t page, page_size;
    const struct alias *alias; /* the older path that it came by, or NULL */
    bool is_old;               /* it came by a path of the former medical system */
};

static struct look *look_new(struct look look)
{
    struct look *kept = mem_new(1, sizeof(*kept));
    *kept = look;
    return kept;
}

static void refuse(const struct look *look, enum status status, const char *detail,
                   const char *old_error)
{
    struct problem problem = {0};
    problem_set(&problem, status, "%s", detail != NULL ? detail : status_info(status)->sentence);
    if (look->is_old)
        answer_old_problem(look->request, &problem, old_error, NULL);
    else
        answer_problem(look->request, &problem);
    problem_free(&problem);
}

static void answer_record(const struct look *look, const struct read_record *record)
{
    if (record->status == STATUS_NOT_FOUND)
        refuse(look, record->status, "there is no record with this id", "Record not found");
    else if (record->status != STATUS_OK)
        refuse(look, record->status, NULL, NULL);
    else if (look->is_old)
        old_paths_answer_record(look->request, record->json);
    else {
        struct buf renamed = {0};
        read_answer_record(look->request, record->version,
                           older_names_of(look->alias, record->json, &renamed));
        buf_free(&renamed);
    }
}

static void on_record(void *arg, const struct read_record *record)
{
    answer_record(arg, record);
    free(arg);
}

static void find(struct look look, const struct service *service, struct record_look *wanted)
{
    struct app *app = look.request->arg;
    struct read_record record;
    wanted->validity = replica_validity(app->process->replica, service);
    if (record_cache_find(app->cache, wanted, &record))
        answer_record(&look, &record);
    else
        record_cache_load(app->cache, app->pool, wanted, on_record, look_new(look));
}

static void on_page(void *arg, const struct read_page *page)
{
    struct look *look = arg;
    struct read_position position = {look->page, look->page_size, page->total};
    if (page->status == STATUS_NOT_FOUND)
        refuse(look, page->status, "nothing is known of a record with this id", NULL);
    else if (page->status != STATUS_OK)
        refuse(look, page->status, NULL, NULL);
    else if (look->page > 1 && look->page > read_position_pages(&position))
        refuse(look, STATUS_BAD_REQUEST, "page is beyond the last one", "Invalid page number");
    else if (look->is_old)
        old_paths_answer_page(look->request, &position, page->items);
    else
        read_answer_page(look->request, &position, page->items);
    free(look);
}

static void list_old(struct look *look, const struct collection *collection,
                     const struct query *query)
{
    struct app *app = look->request->arg;
    look->page = query->page;
    look->page_size = query->page_size;
    read_store_list(app->queries, collection, query, on_page, look);
}

static void list_history(struct look *look, const struct route *route, const struct query *query)
{
    struct app *app = look->request->arg;
    look->page = query->page;
    look->page_size = query->page_size;
    struct read_history wanted = {route->collection, &route->id, query->page, query->page_size};
    read_store_history(app->queries, &wanted, on_page, look);
}

static void handle_history(struct http_request *request, const struct route *route)
{
    struct problem problem = {0};
    struct query query = {0};
    if (!query_parse(NULL, QUERY_PAGES, request->query, &query, &problem))
        answer_problem(request, &problem);
    else
        list_history(look_new((struct look){.request = request}), route, &query);
    query_free(&query);
    problem_free(&problem);
}

static void handle_record(struct http_request *request, const struct route *route)
{
    if (request->query.len > 0)
        answer_status(request, STATUS_BAD_REQUEST, "a single record takes no query parameters");
    else
        find((struct look){.request = request, .alias = route->alias}, route->service,
             &(struct record_look){.collection = route->collection, .id = &route->id});
}

/* How old an answer about the service may be. */
static void say_lag(struct http_request *request, const struct service *service)
{
    enum { MS_PER_SECOND = 1000 };
    struct app *app = request->arg;
    int64_t lag_ms = replica_lag_ms(app->process->replica, service);
    char room[STR_NUMBER_SIZE];
    http_answer_with(request, "replica-lag-ms", str_of_number(lag_ms, room));
    http_answer_with(request, "age", str_of_number(lag_ms / MS_PER_SECOND, room));
}

static void serve_route(struct http_request *request, const struct route *route)
{
    struct app *app = request->arg;
    say_lag(request, route->service);
    if (route->part == ROUTE_RECORD)
        handle_record(request, route);
    else if (route->part == ROUTE_HISTORY)
        handle_history(request, route);
    else
        list_answer(request, route,
                    &(struct list_means){app->queries, app->lists,
                                         replica_validity(app->process->replica, route->service)});
}

static void refuse_route(struct http_request *request, const struct route *route,
                         const struct problem *problem)
{
    say_lag(request, route->service);
    answer_problem(request, problem);
}

static void handle_route(struct http_request *request)
{
    static const char *const methods[ROUTE_PART_COUNT] = {
        [ROUTE_COLLECTION] = "GET, HEAD", [ROUTE_RECORD] = "GET, HEAD",
        [ROUTE_HISTORY] = "GET, HEAD",    [ROUTE_EVENTS] = "GET",
        [ROUTE_STATS] = "GET, HEAD",
    };
    static const struct read_gate_way way = {serve_route, refuse_route};
    struct app *app = request->arg;
    struct route route;
    if (!answer_routes(request, app->process->model, methods, &route))
        return;
    if (route.part == ROUTE_EVENTS)
        live_desk_handle(app->live_desk, request, route.service);
    else
        read_gate_pass(app->read_gate, request, &route, &way);
}

static void serve_old_read(struct http_request *request, const struct route *route)
{
    struct app *app = request->arg;
    struct look look = {.request = request, .is_old = true};
    struct old_read wanted;
    if (!old_paths_parse_read(request, app->process->model, &wanted))
        return;
    say_lag(request, route->service);
    if (wanted.has_id)
        find(look, route->service,
             &(struct record_look){.collection = wanted.collection, .id = &wanted.id});
    else
        list_old(look_new(look), wanted.collection, &wanted.query);
}

static void refuse_old_read(struct http_request *request, const struct route *route,
                            const struct problem *problem)
{
    say_lag(request, route->service);
    answer_old_problem(request, problem, NULL, NULL);
}

static void handle_old_read(struct http_request *request)
{
    static const struct read_gate_way way = {serve_old_read, refuse_old_read};
    struct app *app = request->arg;
    struct route route = {.service =
                              model_find_service(app->process->model, str_from(old_paths_service))};
    if (route.service != NULL)
        read_gate_pass(app->read_gate, request, &route, &way);
    else
        serve_old_read(request, &route); /* which says that there is nothing */
}

static void handle(struct http_request *request)
{
    struct app *app = request->arg;
    if (old_paths_handle(request, app->process->role->name) ||
        documents_handle(request, app->process->documents))
        return;
    if (!atomic_load(&app->process->is_migrated))
        answer_status(request, STATUS_STARTING, "the database has not been reached yet");
    else if (documents_has(request->path))
        documents_find(request, app->pool);
    else if (route_is_known(app->process->model, request->path))
        handle_route(request);
    else if (str_equal(request->path, STR("/database/read/")))
        handle_old_read(request);
    else if (checksum_has(request->path))
        checksum_answer(request, app->process->model, DDL_SIDE_READ,
                        app->process->settings.cluster_key, app->queries);
    else
        answer_status(request, STATUS_NOT_FOUND, "records are under /v1/<service>/<collection>");
}

/* The role */

static void prepare(struct process *process)
{
    process->live_feeds = live_feeds_new(process);
    admission_init(&process->read_after_room, (unsigned)process->settings.read_after_queue, 0);
}

/* Lists get a quarter, lest many that are asked for once take the records' room. */
static void open_caches(struct app *app)
{
    const struct process *process = app->process;
    size_t all = (size_t)process->settings.cache_bytes / process->app_count, lists = all / 4;
    app->lists = list_cache_new(lists, process->metrics);
    app->cache = record_cache_new(all - lists, process->metrics);
}

static bool open_app(struct app *app)
{
    const struct process *process = app->process;
    const char *url = process->settings.read_database_url;
    app->live_desk = live_desk_new(app);
    app->pool = app_open_pool(app, url, POOL_USE_LOOK_UPS);
    app->queries = app_open_pool(app, url, POOL_USE_QUERIES);
    open_caches(app);
    app->read_gate = read_gate_new(app);
    return true;
}

static void start(struct process *process)
{
    const struct settings *settings = &process->settings;
    struct replica_options options = {.model = process->model,
                                      .database_url = settings->read_database_url,
                                      .redis_url = settings->redis_url,
                                      .write_servers = settings->write_servers,
                                      .cluster_key = settings->cluster_key,
                                      .history_days = settings->history_days,
                                      .metrics = process->metrics,
                                      .is_migrated = &process->is_migrated,
                                      .refuse_model = app_refuse_model,
                                      .lag_max_ms = settings->lag_max_ms};
    /* The loops ask it as soon as its first thread says that the database was reached. */
    process->replica = replica_new(&options);
    replica_start(process->replica);
    live_feeds_start(process);
    process->announcer = announcer_start(process);
}

static void stop(struct process *process)
{
    announcer_stop(process->announcer);
    replica_stop(process->replica);
}

static void drain_app(struct app *app)
{
    live_desk_drain(app->live_desk);
}

/* Redis may be away: what is here can still be served. */
static const char *unready(struct process *process)
{
    if (!atomic_load(&process->is_migrated))
        return "the database has not been reached yet";
    if (atomic_load(&process->pools_up) < process->app_count)
        return "the database is away";
    return replica_unready(process->replica);
}

static void write_status(struct process *process, struct buf *out)
{
    replica_write_status(process->replica, out);
    record_cache_write_status(process->metrics, out);
    list_cache_write_status(process->metrics, out);
}

static void measure(struct process *process)
{
    replica_measure(process->replica);
}

const struct role role_read = {
    .name = "read",
    .prepare = prepare,
    .handle = handle,
    .open_app = open_app,
    .start = start,
    .stop = stop,
    .unready = unready,
    .write_status = write_status,
    .drain_app = drain_app,
    .measure = measure,
};
