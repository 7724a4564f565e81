#include "role/admin.h"

#include "base/clock.h"
#include "role/http/answer.h"
#include "role/http/old_paths.h"

/* A loop turns at least twice a second: one that has not for this long is stuck. */
enum { STUCK_MS = 5000, ADMIN_CONNECTIONS = 64, ADMIN_BODY = 1024 };

static const char *stuck_loop(const struct process *process)
{
    for (unsigned i = 0; i < process->app_count; i++)
        if (clock_monotonic() - loop_last_turn(process->apps[i].loop) > STUCK_MS)
            return "a loop does not turn";
    return NULL;
}

static const char *why_unready(struct process *process)
{
    if (atomic_load(&process->is_draining))
        return "draining";
    const char *stuck = stuck_loop(process);
    return stuck != NULL ? stuck : process->role->unready(process);
}

/* 200 or 503, in a few words. */
static void answer_check(struct http_request *request, const char *fault)
{
    struct buf body = {0};
    buf_append_text(&body,
                    fault == NULL ? "{\"status\":\"ok\"}" : "{\"status\":\"failing\",\"why\":");
    if (fault != NULL) {
        json_write_string(str_from(fault), &body);
        buf_append_char(&body, '}');
    }
    answer_json(request, fault == NULL ? 200 : 503, buf_str(&body));
    buf_free(&body);
}

static void answer_livez(struct http_request *request)
{
    answer_check(request, stuck_loop(request->arg));
}

static void answer_readyz(struct http_request *request)
{
    answer_check(request, why_unready(request->arg));
}

static void answer_metrics(struct http_request *request)
{
    struct process *process = request->arg;
    struct buf body = {0};
    if (process->role->measure != NULL)
        process->role->measure(process);
    metrics_write(process->metrics, &body);
    http_reply(request, &(struct http_response){
                            .status = 200,
                            .headers = {{"content-type", STR("text/plain; version=0.0.4")}},
                            .body = buf_str(&body)});
    buf_free(&body);
}

static void answer_statusz(struct http_request *request)
{
    struct process *process = request->arg;
    const char *unready = why_unready(process);
    size_t open = 0;
    struct buf body = {0};
    for (unsigned i = 0; i < process->app_count; i++)
        open += http_server_connections(process->apps[i].server);
    buf_printf(&body,
               "{\"role\":\"%s\",\"version\":\"%s\",\"ready\":%s,\"uptime_ms\":%lld,"
               "\"threads\":%u,\"connections\":%zu",
               process->role->name, MAMPARO_VERSION, unready == NULL ? "true" : "false",
               (long long)(clock_wall_ms() - process->started_at), process->app_count, open);
    if (unready != NULL)
        buf_printf(&body, ",\"why\":\"%s\"", unready);
    process->role->write_status(process, &body);
    buf_append_char(&body, '}');
    answer_json(request, 200, buf_str(&body));
    buf_free(&body);
}

static void handle(struct http_request *request)
{
    static const struct {
        const char *path;
        http_handler_fn *answer;
    } paths[] = {
        {"/livez", answer_livez},
        {"/readyz", answer_readyz},
        {"/metrics", answer_metrics},
        {"/statusz", answer_statusz},
    };
    for (size_t i = 0; i < countof(paths); i++)
        if (str_equal(request->path, str_from(paths[i].path))) {
            if (answer_allows(request, "GET, HEAD"))
                paths[i].answer(request);
            return;
        }
    const struct process *process = request->arg;
    if (process->role->handle_admin == NULL || !process->role->handle_admin(request))
        answer_status(request, STATUS_NOT_FOUND,
                      "here are /livez, /readyz, /metrics and /statusz, and with "
                      "FAULTS=on /faults/");
}

bool admin_open(struct process *process, struct loop *loop, char *mistake, size_t mistake_size)
{
    struct http_server_options options = {.address = process->settings.listen,
                                          .port = (int)process->settings.admin_port,
                                          .connections_max = ADMIN_CONNECTIONS,
                                          .body_bytes_max = ADMIN_BODY,
                                          .handler = handle,
                                          .write_refusal = old_paths_write_refusal,
                                          .arg = process};
    process->admin_loop = loop;
    return http_server_open(loop, &options, mistake, mistake_size) != NULL;
}
