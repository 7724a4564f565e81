#include "role/gateway/fault/fault_desk.h"

#include <stdio.h>

#include "base/clock.h"
#include "role/app.h"
#include "role/gateway/fault/fault_request.h"
#include "role/gateway/fleets.h"
#include "role/gateway/gateway.h"
#include "role/gateway/incident/journal.h"
#include "role/gateway/parameters.h"
#include "role/gateway/side.h"
#include "role/gateway/view/servers_view.h"
#include "role/http/answer.h"

enum { SWEEP_MS = 500 };

struct fault_desk {
    struct process *process;
    struct faults *faults;
    struct loop_timer sweep; /* ends those whose time is over */
    bool is_sweeping;
};

static const struct str prefix = {"/faults/", 8};

/* Telling */

static void note(const struct process *process, const struct fault *fault, bool is_over)
{
    struct incident incident = incident_of(INCIDENT_FAULT, fault->side);
    char why[INCIDENT_WHY_SIZE];
    msec_t now = clock_monotonic();
    snprintf(why, sizeof(why), "latency_ms %lld, error %g, drop %g, for_s %lld",
             (long long)fault->latency, fault->error, fault->drop,
             (long long)(fault->until - fault->set_at) / 1000);
    incident.service = (int)fault->service;
    incident.is_over = is_over;
    if (is_over)
        incident.duration = (now < fault->until ? now : fault->until) - fault->set_at;
    incident_set_name(&incident, str_from(fault->server));
    incident_set_why(&incident, str_from(why));
    journal_note(process->gateway->journal, &incident);
}

/* In the admin's thread, while there are any. */
static void on_sweep(struct loop_timer *timer)
{
    struct fault_desk *desk = container_of(timer, struct fault_desk, sweep);
    struct fault fault;
    while (faults_expire(desk->faults, clock_monotonic(), &fault))
        note(desk->process, &fault, true);
    desk->is_sweeping = faults_has_any(desk->faults);
    if (desk->is_sweeping)
        loop_timer_start(desk->process->admin_loop, timer, SWEEP_MS);
}

static void start_sweep(struct fault_desk *desk)
{
    if (desk->is_sweeping)
        return;
    desk->is_sweeping = true;
    loop_timer_start(desk->process->admin_loop, &desk->sweep, SWEEP_MS);
}

/* Opening */

struct fault_desk *fault_desk_new(struct process *process)
{
    struct fault_desk *desk = mem_new(1, sizeof(*desk));
    *desk = (struct fault_desk){.process = process, .faults = faults_new()};
    desk->sweep.fired = on_sweep;
    return desk;
}

struct faults *fault_desk_faults(const struct fault_desk *desk)
{
    return desk->faults;
}

/* Showing */

static void write_fault(const struct model *model, const struct fault *fault, msec_t now,
                        struct buf *out)
{
    buf_printf(out, "{\"service\":\"%s\",\"side\":\"%s\",\"server\":",
               model->services[fault->service].name, side_name((enum side)fault->side));
    if (fault->server[0] == '\0')
        buf_append_text(out, "null");
    else
        json_write_string(str_from(fault->server), out);
    buf_printf(out, ",\"latency_ms\":%lld,\"error\":%g,\"drop\":%g,\"ends_in_ms\":%lld}",
               (long long)fault->latency, fault->error, fault->drop,
               (long long)(fault->until - now));
}

/* Those of the same compartment; NULL: all. */
static void answer_faults(struct http_request *request, const struct fault *like)
{
    const struct process *process = request->arg;
    struct fault list[FAULTS_MAX];
    struct buf body = {0};
    const char *comma = "";
    msec_t now = clock_monotonic();
    size_t count = faults_list(process->gateway->fault_desk->faults, now, list);
    buf_append_text(&body, "{\"faults\":[");
    for (size_t i = 0; i < count; i++) {
        if (like != NULL && (like->service != list[i].service || like->side != list[i].side))
            continue;
        buf_append_text(&body, comma);
        write_fault(process->model, &list[i], now, &body);
        comma = ",";
    }
    buf_append_text(&body, "]}");
    answer_json(request, 200, buf_str(&body));
    buf_free(&body);
}

/* Changing */

/* A write server answers reads too, as the last resort of those that must not be stale. */
static bool is_asked(const struct process *process, const struct fault *fault, struct str name)
{
    uint64_t service = UINT64_C(1) << fault->service;
    return servers_view_has(fleets_of_side(process->gateway->fleets, SIDE_WRITES), service, name) ||
           (fault->side == SIDE_READS &&
            servers_view_has(fleets_of_side(process->gateway->fleets, SIDE_READS), service, name));
}

/* False with `problem` set. */
static bool parse_server(const struct http_request *request, struct fault *fault,
                         struct problem *problem)
{
    static const char *const names[] = {"server"};
    struct parameters given;
    parameters_read(&given, request->query, names, countof(names), problem);
    struct str name = buf_str(&given.values[0]);
    bool must_be_there = str_equal(request->method, STR("PUT"));
    if (parameters_has(&given, 0) && (name.len >= sizeof(fault->server) ||
                                      (must_be_there && !is_asked(request->arg, fault, name))))
        problem_at_parameter(problem, STR("server"),
                             "must be one of the compartment's servers, as they are listed");
    else if (name.len > 0)
        memcpy(fault->server, name.ptr, name.len);
    parameters_free(&given);
    return !problem_is_set(problem);
}

static void inject(struct http_request *request, struct fault *fault, struct problem *problem)
{
    struct process *process = request->arg;
    if (!fault_request_parse(request->body, clock_monotonic(), fault, problem))
        return;
    if (!faults_set(process->gateway->fault_desk->faults, fault)) {
        problem_set(problem, STATUS_CONFLICT, "there are %d faults already", FAULTS_MAX);
        return;
    }
    start_sweep(process->gateway->fault_desk);
    note(process, fault, false);
    answer_faults(request, fault);
}

static void end(struct http_request *request, const struct fault *fault, struct problem *problem)
{
    struct process *process = request->arg;
    struct fault ended;
    struct fault_target target = {fault->service, fault->side, str_from(fault->server)};
    if (!faults_clear(process->gateway->fault_desk->faults, &target, &ended)) {
        problem_set(problem, STATUS_NOT_FOUND, "there is no such fault");
        return;
    }
    note(process, &ended, true);
    http_reply(request, &(struct http_response){.status = 204});
}

/* `fault` says of which compartment. */
static void change(struct http_request *request, struct fault *fault)
{
    struct problem problem = {0};
    if (parse_server(request, fault, &problem)) {
        if (str_equal(request->method, STR("PUT")))
            inject(request, fault, &problem);
        else
            end(request, fault, &problem);
    }
    if (problem_is_set(&problem))
        answer_problem(request, &problem);
    problem_free(&problem);
}

/* Paths */

static void handle_compartment(struct http_request *request, struct str place)
{
    const struct process *process = request->arg;
    const struct service *service;
    enum side side;
    if (!side_parse_compartment(process->model, place, &service, &side)) {
        answer_status(request, STATUS_NOT_FOUND, "faults are /faults/<service>/<reads|writes>");
        return;
    }
    struct fault fault = {.service = (size_t)(service - process->model->services), .side = side};
    if (str_equal(request->method, STR("GET")) || str_equal(request->method, STR("HEAD")))
        answer_faults(request, &fault);
    else if (answer_allows(request, "GET, HEAD, PUT, DELETE"))
        change(request, &fault);
}

bool fault_desk_handle(struct http_request *request)
{
    const struct process *process = request->arg;
    if (!str_starts_with(request->path, prefix))
        return false;
    struct str place = {request->path.ptr + prefix.len, request->path.len - prefix.len};
    if (process->gateway->fault_desk == NULL)
        answer_status(request, STATUS_NOT_FOUND,
                      "no fault is injected here: start the gateway with FAULTS=on");
    else if (!answer_is_trusted(request, process->settings.cluster_key))
        return true;
    else if (place.len > 0)
        handle_compartment(request, place);
    else if (answer_allows(request, "GET, HEAD"))
        answer_faults(request, NULL);
    return true;
}
