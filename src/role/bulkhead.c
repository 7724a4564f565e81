#include "role/bulkhead.h"

#include "role/gateway/forward.h"
#include "role/gateway/switch/switches.h"
#include "role/http/answer.h"
#include "role/http/documents.h"
#include "role/http/old_paths.h"
#include "role/live/live_forward.h"

static bool is_read(const struct http_request *request)
{
    return str_equal(request->method, STR("GET")) || str_equal(request->method, STR("HEAD"));
}

/* Passing on */

/* What the servers behind would refuse anyway ends here. */
static void handle_route(struct http_request *request)
{
    static const char *const methods[ROUTE_PART_COUNT] = {
        [ROUTE_COLLECTION] = "GET, HEAD, POST",
        [ROUTE_BATCH] = "POST",
        [ROUTE_RECORD] = "GET, HEAD, PUT, PATCH, DELETE",
        [ROUTE_HISTORY] = "GET, HEAD",
        [ROUTE_EVENTS] = "GET",
        [ROUTE_STATS] = "GET, HEAD",
    };
    struct app *app = request->arg;
    struct route route;
    struct buf target = {0};
    if (!answer_routes(request, app->process->model, methods, &route))
        return;
    if (route.part == ROUTE_EVENTS) {
        live_forward_request(app->live, request, route.service);
        return;
    }
    buf_append_str(&target, request->path);
    if (request->query.ptr != NULL)
        buf_printf(&target, "?" STR_FMT, STR_ARG(request->query));
    forward_request(app->gateway, request,
                    &(struct forward_options){.service = route.service,
                                              .side = is_read(request) ? SIDE_READS : SIDE_WRITES,
                                              .target = buf_str(&target),
                                              .is_record = route.part == ROUTE_RECORD});
    buf_free(&target);
}

/* One that this process's model does not have: which service's it is only a database knows, so any
 * read server is as good as another. */
static void handle_schema(struct http_request *request)
{
    struct app *app = request->arg;
    if (answer_allows(request, "GET, HEAD"))
        forward_request(app->gateway, request,
                        &(struct forward_options){.service = &app->process->model->services[0],
                                                  .side = SIDE_READS,
                                                  .target = request->path});
}

static void handle_old_root(struct http_request *request)
{
    struct app *app = request->arg;
    struct buf target = {0};
    bool is_reading = is_read(request);
    if (!old_paths_allows(request, "GET, HEAD, POST"))
        return;
    buf_append_text(&target, is_reading ? "/database/read/" : "/database/write/");
    if (is_reading && request->query.ptr != NULL)
        buf_printf(&target, "?" STR_FMT, STR_ARG(request->query));
    forward_request(app->gateway, request,
                    &(struct forward_options){.service = switches_old_service(app),
                                              .side = is_reading ? SIDE_READS : SIDE_WRITES,
                                              .target = buf_str(&target),
                                              .is_old = true});
    buf_free(&target);
}

/* Paths */

static void handle(struct http_request *request)
{
    static const struct {
        const char *path;
        http_handler_fn *handle;
    } old[] = {
        {"/", handle_old_root},
        {"/bulkhead/", handle_old_root},
        {"/bulkhead/toggle/", switches_flip_old},
        {"/bulkhead/status/", switches_show_old},
    };
    struct app *app = request->arg;
    if (old_paths_handle(request, app->process->role->name) ||
        documents_handle(request, app->process->documents))
        return;
    for (size_t i = 0; i < countof(old) && switches_old_service(app) != NULL; i++)
        if (str_equal(request->path, str_from(old[i].path))) {
            old[i].handle(request);
            return;
        }
    if (documents_has(request->path))
        handle_schema(request);
    else if (route_is_known(app->process->model, request->path))
        handle_route(request);
    else if (str_starts_with(request->path, STR("/bulkhead/services/")))
        switches_handle(request);
    else
        answer_status(request, STATUS_NOT_FOUND, "records are under /v1/<service>/<collection>");
}

/* The role */

static bool open_app(struct app *app)
{
    app->gateway = gateway_new(app);
    app->live = live_gateway_new(app);
    return app->gateway != NULL && app->live != NULL;
}

static void drain_app(struct app *app)
{
    live_gateway_drain(app->live);
}

static void prepare(struct process *process)
{
    process->toggles = toggles_new(process->model);
}

static const char *unready(struct process *process)
{
    (void)process;
    return NULL;
}

static void write_status(struct process *process, struct buf *out)
{
    buf_append_text(out, ",\"services\":");
    switches_write(process, out);
}

const struct role role_bulkhead = {
    .name = "bulkhead",
    .prepare = prepare,
    .handle = handle,
    .open_app = open_app,
    .unready = unready,
    .write_status = write_status,
    .drain_app = drain_app,
};
