#include "role/bulkhead.h"

#include "base/log.h"
#include "role/forward.h"
#include "role/http/answer.h"
#include "role/http/documents.h"
#include "role/http/old_paths.h"
#include "role/live/live_forward.h"

static const char *const side_names[SIDE_COUNT] = {"reads", "writes"};

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

static const struct service *old_service(const struct app *app)
{
    return model_find_service(app->process->model, str_from(old_paths_service));
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
                    &(struct forward_options){.service = old_service(app),
                                              .side = is_reading ? SIDE_READS : SIDE_WRITES,
                                              .target = buf_str(&target),
                                              .is_old = true});
    buf_free(&target);
}

/* Switching, as the former system did it */

/* "GET" or "POST", in any case. */
static bool parse_old_name(const struct http_request *request, enum side *side)
{
    char mistake[JSON_MISTAKE_SIZE];
    struct json *body = json_parse(request->body, mistake);
    bool is_known = false;
    if (body != NULL && json_kind(body) == JSON_KIND_OBJECT) {
        struct str name = json_find_text(body, "service_name", STR(""));
        *side = str_equal_nocase(name, STR("POST")) ? SIDE_WRITES : SIDE_READS;
        is_known = *side == SIDE_WRITES || str_equal_nocase(name, STR("GET"));
    }
    if (body != NULL)
        json_free(&body);
    return is_known;
}

static void log_toggle(const struct service *service, enum side side, bool is_on, struct str why)
{
    log_info("gateway.toggle", log_text("service", service->name),
             log_text("side", side_names[side]), log_text("state", is_on ? "enabled" : "disabled"),
             log_str("why", why));
}

static void handle_old_toggle(struct http_request *request)
{
    static const char *const names[SIDE_COUNT] = {"GET", "POST"};
    struct app *app = request->arg;
    enum side side;
    if (!answer_shows_key(request, app->process->settings.cluster_key)) {
        old_paths_refuse(request, STATUS_UNAUTHORIZED, status_info(STATUS_UNAUTHORIZED)->sentence);
        return;
    }
    if (!old_paths_allows(request, "POST"))
        return;
    if (!parse_old_name(request, &side)) {
        old_paths_refuse(request, STATUS_BAD_REQUEST,
                         "Invalid service name: service_name must be \"GET\" or \"POST\"");
        return;
    }
    bool is_on = toggles_flip(app->process->toggles, old_service(app), side);
    const char *state = is_on ? "enabled" : "disabled";
    struct buf body = {0};
    log_toggle(old_service(app), side, is_on, STR("flipped"));
    buf_printf(&body, "{\"service\":\"%s\",\"status\":\"%s\",\"message\":\"%s service is now %s\"}",
               names[side], state, names[side], state);
    answer_json(request, 200, buf_str(&body));
    buf_free(&body);
}

static void handle_old_status(struct http_request *request)
{
    struct app *app = request->arg;
    const struct toggles *toggles = app->process->toggles;
    struct buf body = {0};
    if (!old_paths_allows(request, "GET, HEAD"))
        return;
    bool reads = toggles_is_on(toggles, old_service(app), SIDE_READS);
    bool writes = toggles_is_on(toggles, old_service(app), SIDE_WRITES);
    buf_printf(&body, "{\"GET\":\"%s\",\"POST\":\"%s\"}", reads ? "enabled" : "disabled",
               writes ? "enabled" : "disabled");
    answer_json(request, 200, buf_str(&body));
    buf_free(&body);
}

/* Switching, for every service */

static void write_service(const struct toggles *toggles, const struct service *service,
                          struct buf *out)
{
    buf_printf(out, "\"%s\":{", service->name);
    for (enum side side = 0; side < SIDE_COUNT; side++)
        buf_printf(out, "%s\"%s\":{\"enabled\":%s}", side == 0 ? "" : ",", side_names[side],
                   toggles_is_on(toggles, service, side) ? "true" : "false");
    buf_append_char(out, '}');
}

static void answer_services(struct http_request *request)
{
    const struct process *process = ((struct app *)request->arg)->process;
    struct buf body = {0};
    buf_append_char(&body, '{');
    for (size_t i = 0; i < process->model->service_count; i++) {
        if (i > 0)
            buf_append_char(&body, ',');
        write_service(process->toggles, &process->model->services[i], &body);
    }
    buf_append_char(&body, '}');
    answer_json(request, 200, buf_str(&body));
    buf_free(&body);
}

/* {"enabled":false,"why":"…"}; false after answering. */
static bool parse_setting(struct http_request *request, bool *is_on, struct buf *why)
{
    char mistake[JSON_MISTAKE_SIZE];
    struct json *body = json_parse(request->body, mistake);
    const struct json *enabled = NULL;
    if (body != NULL && json_kind(body) == JSON_KIND_OBJECT)
        enabled = json_find(body, "enabled");
    bool is_fine = enabled != NULL && json_kind(enabled) == JSON_KIND_BOOLEAN;
    if (is_fine) {
        *is_on = json_truth(enabled);
        buf_append_str(why, json_find_text(body, "why", STR("")));
    } else {
        answer_status(request, STATUS_BAD_REQUEST,
                      "the body must be {\"enabled\": true or false, \"why\": a sentence}");
    }
    if (body != NULL)
        json_free(&body);
    return is_fine;
}

/* /bulkhead/services/<service>/<reads|writes> */
static void handle_service(struct http_request *request, struct str place)
{
    struct app *app = request->arg;
    const struct service *service = model_find_service(app->process->model, str_cut(&place, '/'));
    struct buf why = {0};
    bool is_on;
    enum side side = SIDE_READS;
    while (side < SIDE_COUNT && !str_equal(place, str_from(side_names[side])))
        side++;
    if (!answer_is_trusted(request, app->process->settings.cluster_key))
        return;
    if (service == NULL || side == SIDE_COUNT) {
        answer_status(request, STATUS_NOT_FOUND,
                      "switches are /bulkhead/services/<service>/<reads|writes>");
    } else if (answer_allows(request, "PUT") && parse_setting(request, &is_on, &why)) {
        toggles_set(app->process->toggles, service, side, is_on);
        log_toggle(service, side, is_on, buf_str(&why));
        answer_services(request);
    }
    buf_free(&why);
}

static void handle_services(struct http_request *request)
{
    static const struct str prefix = {"/bulkhead/services/", 19};
    struct str place = {request->path.ptr + prefix.len, request->path.len - prefix.len};
    if (place.len > 0)
        handle_service(request, place);
    else if (answer_allows(request, "GET, HEAD"))
        answer_services(request);
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
        {"/bulkhead/toggle/", handle_old_toggle},
        {"/bulkhead/status/", handle_old_status},
    };
    struct app *app = request->arg;
    if (old_paths_handle(request, app->process->role->name) ||
        documents_handle(request, app->process->documents))
        return;
    for (size_t i = 0; i < countof(old) && old_service(app) != NULL; i++)
        if (str_equal(request->path, str_from(old[i].path))) {
            old[i].handle(request);
            return;
        }
    if (documents_has(request->path))
        handle_schema(request);
    else if (route_is_known(app->process->model, request->path))
        handle_route(request);
    else if (str_starts_with(request->path, STR("/bulkhead/services/")))
        handle_services(request);
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
    buf_append_text(out, ",\"services\":{");
    for (size_t i = 0; i < process->model->service_count; i++) {
        if (i > 0)
            buf_append_char(out, ',');
        write_service(process->toggles, &process->model->services[i], out);
    }
    buf_append_char(out, '}');
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
