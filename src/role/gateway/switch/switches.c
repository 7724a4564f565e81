#include "role/gateway/switch/switches.h"

#include <stdio.h>

#include "role/gateway/gateway.h"
#include "role/gateway/switch/switch_request.h"
#include "role/gateway/switch/toggle.h"
#include "role/http/answer.h"
#include "role/http/old_paths.h"

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

static void on_flipped(void *arg, const struct toggle_outcome *outcome)
{
    static const char *const names[SIDE_COUNT] = {"GET", "POST"};
    const char *name = names[outcome->change.side];
    const char *state = outcome->change.is_on ? "enabled" : "disabled";
    struct buf body = {0};
    buf_printf(&body, "{\"service\":\"%s\",\"status\":\"%s\",\"message\":\"%s service is now %s\"}",
               name, state, name, state);
    answer_json(arg, 200, buf_str(&body));
    buf_free(&body);
}

static bool parse_old_wish(struct http_request *request, struct toggle_wish *wish)
{
    struct problem problem = {0};
    bool is_fine = switch_request_actor(request, wish, &problem);
    if (!is_fine)
        old_paths_refuse(request, problem.status, problem.detail);
    else if (!(is_fine = parse_old_name(request, &wish->side)))
        old_paths_refuse(request, STATUS_BAD_REQUEST,
                         "Invalid service name: service_name must be \"GET\" or \"POST\"");
    problem_free(&problem);
    return is_fine;
}

void switches_flip_old(struct http_request *request)
{
    struct app *app = request->arg;
    struct toggle_wish wish = {.service = switches_old_service(app),
                               .verb = TOGGLE_FLIP,
                               .if_version = TOGGLE_ANY_VERSION,
                               .why = "flipped"};
    if (!answer_shows_key(request, app->process->settings.cluster_key)) {
        old_paths_refuse(request, STATUS_UNAUTHORIZED, status_info(STATUS_UNAUTHORIZED)->sentence);
        return;
    }
    if (!old_paths_allows(request, "POST") || !parse_old_wish(request, &wish))
        return;
    if (!toggles_ask(app->process->gateway->toggles, app->loop, &wish, on_flipped, request))
        old_paths_refuse(request, STATUS_QUEUE_FULL, status_info(STATUS_QUEUE_FULL)->sentence);
}

void switches_show_old(struct http_request *request)
{
    struct app *app = request->arg;
    const struct toggles *toggles = app->process->gateway->toggles;
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

/* Showing */

void switches_show_log(struct http_request *request)
{
    const struct app *app = request->arg;
    struct problem problem = {0};
    struct buf body = {0};
    size_t limit;
    if (!answer_is_trusted(request, app->process->settings.cluster_key) ||
        !answer_allows(request, "GET, HEAD"))
        return;
    if (switch_request_limit(request, &limit, &problem)) {
        buf_append_text(&body, "{\"changes\":");
        toggles_write_log(app->process->gateway->toggles, limit, &body);
        buf_append_char(&body, '}');
        answer_json(request, 200, buf_str(&body));
    } else {
        answer_problem(request, &problem);
    }
    buf_free(&body);
    problem_free(&problem);
}

/* `more` are further members, with their commas. */
static void answer_switch(struct http_request *request, const struct toggle_change *change,
                          const char *more)
{
    char tag[32];
    struct buf body = {0};
    snprintf(tag, sizeof(tag), "\"%lld\"", (long long)change->version);
    buf_printf(&body, "{\"service\":\"%s\",\"side\":\"%s\",", change->service->name,
               side_name(change->side));
    toggle_write_members(change, &body);
    buf_printf(&body, "%s}", more);
    http_reply(request,
               &(struct http_response){
                   .status = 200,
                   .headers = {{"content-type", STR("application/json")}, {"etag", str_from(tag)}},
                   .body = buf_str(&body)});
    buf_free(&body);
}

/* Setting */

static void on_set(void *arg, const struct toggle_outcome *outcome)
{
    struct problem problem = {0};
    if (outcome->status == STATUS_OK) {
        answer_switch(arg, &outcome->change,
                      outcome->is_shared ? ",\"shared\":true" : ",\"shared\":false");
        return;
    }
    problem_set(&problem, outcome->status, "the switch has version %lld",
                (long long)outcome->change.version);
    answer_problem(arg, &problem);
    problem_free(&problem);
}

static void set(struct http_request *request, const struct service *service, enum side side)
{
    struct app *app = request->arg;
    struct problem problem = {0};
    struct toggle_wish wish = {.service = service, .side = side};
    if (!answer_is_trusted(request, app->process->settings.cluster_key))
        return;
    if (!switch_request_parse(request, &wish, &problem))
        answer_problem(request, &problem);
    else if (!toggles_ask(app->process->gateway->toggles, app->loop, &wish, on_set, request))
        answer_status(request, STATUS_QUEUE_FULL, NULL);
    problem_free(&problem);
}

/* /bulkhead/services/<service>/<reads|writes> */
static void handle_switch(struct http_request *request, struct str place)
{
    struct app *app = request->arg;
    const struct service *service;
    struct toggle_change change;
    enum side side;
    if (!side_parse_compartment(app->process->model, place, &service, &side)) {
        answer_status(request, STATUS_NOT_FOUND,
                      "switches are /bulkhead/services/<service>/<reads|writes>");
    } else if (str_equal(request->method, STR("PUT"))) {
        set(request, service, side);
    } else if (answer_allows(request, "GET, HEAD, PUT")) {
        toggles_read(app->process->gateway->toggles, service, side, &change);
        answer_switch(request, &change, "");
    }
}

void switches_handle(struct http_request *request)
{
    static const struct str prefix = {"/bulkhead/services/", 19};
    handle_switch(request,
                  (struct str){request->path.ptr + prefix.len, request->path.len - prefix.len});
}
