#include "role/gateway/switch/switches.h"

#include "base/log.h"
#include "role/gateway/switch/toggle.h"
#include "role/http/answer.h"
#include "role/http/old_paths.h"

static const char *const side_names[SIDE_COUNT] = {"reads", "writes"};

const struct service *switches_old_service(const struct app *app)
{
    return model_find_service(app->process->model, str_from(old_paths_service));
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

void switches_flip_old(struct http_request *request)
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
    bool is_on = toggles_flip(app->process->toggles, switches_old_service(app), side);
    const char *state = is_on ? "enabled" : "disabled";
    struct buf body = {0};
    log_toggle(switches_old_service(app), side, is_on, STR("flipped"));
    buf_printf(&body, "{\"service\":\"%s\",\"status\":\"%s\",\"message\":\"%s service is now %s\"}",
               names[side], state, names[side], state);
    answer_json(request, 200, buf_str(&body));
    buf_free(&body);
}

void switches_show_old(struct http_request *request)
{
    struct app *app = request->arg;
    const struct toggles *toggles = app->process->toggles;
    struct buf body = {0};
    if (!old_paths_allows(request, "GET, HEAD"))
        return;
    bool reads = toggles_is_on(toggles, switches_old_service(app), SIDE_READS);
    bool writes = toggles_is_on(toggles, switches_old_service(app), SIDE_WRITES);
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

void switches_write(const struct process *process, struct buf *out)
{
    buf_append_char(out, '{');
    for (size_t i = 0; i < process->model->service_count; i++) {
        if (i > 0)
            buf_append_char(out, ',');
        write_service(process->toggles, &process->model->services[i], out);
    }
    buf_append_char(out, '}');
}

static void answer_services(struct http_request *request)
{
    const struct app *app = request->arg;
    struct buf body = {0};
    switches_write(app->process, &body);
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

void switches_handle(struct http_request *request)
{
    static const struct str prefix = {"/bulkhead/services/", 19};
    struct str place = {request->path.ptr + prefix.len, request->path.len - prefix.len};
    if (place.len > 0)
        handle_service(request, place);
    else if (answer_allows(request, "GET, HEAD"))
        answer_services(request);
}
