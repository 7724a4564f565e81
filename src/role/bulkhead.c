#include "role/bulkhead.h"

#include "role/gateway/compartment/compartment.h"
#include "role/gateway/door.h"
#include "role/gateway/fault/fault_desk.h"
#include "role/gateway/fleet/discovery.h"
#include "role/gateway/forward/forward.h"
#include "role/gateway/forward/forwarder.h"
#include "role/gateway/gateway.h"
#include "role/gateway/incident/incident_list.h"
#include "role/gateway/passing.h"
#include "role/gateway/switch/switches.h"
#include "role/gateway/view/services_view.h"
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
    if (!answer_routes(request, app->process->model, methods, &route))
        return;
    if (route.part == ROUTE_EVENTS) {
        live_forward_request(app->live, request, route.service);
        return;
    }
    forward_request(app->forwarder, request,
                    &(struct forward_options){.service = route.service,
                                              .side = is_read(request) ? SIDE_READS : SIDE_WRITES,
                                              .target = request->target,
                                              .is_record = route.part == ROUTE_RECORD});
}

/* One that this process's model does not have: which service's it is only a database knows, so any
 * read server is as good as another. */
static void handle_schema(struct http_request *request)
{
    struct app *app = request->arg;
    if (answer_allows(request, "GET, HEAD"))
        forward_request(app->forwarder, request,
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
    forward_request(app->forwarder, request,
                    &(struct forward_options){.service = switches_old_service(app),
                                              .side = is_reading ? SIDE_READS : SIDE_WRITES,
                                              .target = buf_str(&target),
                                              .is_old = true});
    buf_free(&target);
}

/* Paths */

/* What the gateway itself has to say; the former system's paths only where its service is. */
static http_handler_fn *find_page(const struct app *app, struct str path)
{
    static const struct {
        struct str path;
        http_handler_fn *handle;
        bool is_old;
    } pages[] = {
        {STR("/"), handle_old_root, true},
        {STR("/bulkhead/"), handle_old_root, true},
        {STR("/bulkhead/toggle/"), switches_flip_old, true},
        {STR("/bulkhead/status/"), switches_show_old, true},
        {STR("/bulkhead/services/"), services_view_handle, false},
        {STR("/bulkhead/toggles/log"), switches_show_log, false},
        {STR("/bulkhead/incidents/"), incident_list_handle, false},
    };
    for (size_t i = 0; i < countof(pages); i++)
        if (str_equal(path, pages[i].path))
            return pages[i].is_old && switches_old_service(app) == NULL ? NULL : pages[i].handle;
    return str_starts_with(path, STR("/bulkhead/services/")) ? switches_handle : NULL;
}

static void handle(struct http_request *request)
{
    struct app *app = request->arg;
    http_handler_fn *page = find_page(app, request->path);
    /* Whoever watches over the gateway asks for its health, and is no client. */
    if (old_paths_handle(request, app->process->role->name) || !door_admit(app->door, request) ||
        documents_handle(request, app->process->documents))
        return;
    if (page != NULL)
        page(request);
    else if (documents_has(request->path))
        handle_schema(request);
    else if (route_is_known(app->process->model, request->path))
        handle_route(request);
    else
        answer_status(request, STATUS_NOT_FOUND, "records are under /v1/<service>/<collection>");
}

/* The role */

static bool open_app(struct app *app)
{
    if (app->process->gateway == NULL)
        return false;
    app->door = door_new(app);
    app->forwarder = forwarder_new(app);
    app->live = live_gateway_new(app);
    return true;
}

static void drain_app(struct app *app)
{
    live_gateway_drain(app->live);
}

static void prepare(struct process *process)
{
    process->gateway = gateway_new(process);
}

static void start(struct process *process)
{
    gateway_start(process->gateway, process);
}

static const char *unready(struct process *process)
{
    return discovery_unready(process->gateway->discovery);
}

static void measure(struct process *process)
{
    compartments_measure(process->gateway->compartments);
    discovery_measure(process->gateway->discovery);
    journal_measure(process->gateway->journal);
}

static void write_status(struct process *process, struct buf *out)
{
    buf_append_text(out, ",\"services\":");
    services_view_write(process, out);
    discovery_write_status(process->gateway->discovery, out);
}

const struct role role_bulkhead = {
    .name = "bulkhead",
    .prepare = prepare,
    .greet = passing_greet,
    .handle = handle,
    .handle_admin = fault_desk_handle,
    .open_app = open_app,
    .start = start,
    .unready = unready,
    .write_status = write_status,
    .drain_app = drain_app,
    .measure = measure,
};
