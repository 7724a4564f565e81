#include "role/presence/ping_answer.h"

#include "role/http/answer.h"

/* Of the service that is the furthest behind. */
static void say_lag(struct http_request *request, const struct process *process)
{
    int64_t most = 0;
    char room[STR_NUMBER_SIZE];
    for (size_t i = 0; i < process->model->service_count; i++) {
        int64_t lag = replica_lag_ms(process->replica, &process->model->services[i]);
        most = lag > most ? lag : most;
    }
    http_answer_with(request, "replica-lag-ms", str_of_number(most, room));
}

static void answer(struct http_request *request, struct process *process)
{
    bool is_draining = atomic_load(&process->is_draining);
    const char *status = is_draining ? "draining" : "not ready";
    const char *why =
        is_draining ? status_info(STATUS_DRAINING)->sentence : process->role->unready(process);
    struct buf body = {0};
    buf_printf(&body, "{\"status\":\"%s\",\"role\":\"%s\"", why == NULL ? "ready" : status,
               process->role->name);
    if (why != NULL)
        buf_printf(&body, ",\"why\":\"%s\"", why);
    buf_append_char(&body, '}');
    /* Before it is migrated, the replica is still being made by another thread. */
    if (atomic_load(&process->is_migrated) && process->replica != NULL)
        say_lag(request, process);
    answer_json(request, why == NULL ? 200 : 503, buf_str(&body));
    buf_free(&body);
}

bool ping_answer_handle(struct http_request *request)
{
    struct app *app = request->arg;
    if (!str_equal(request->path, STR("/ping")))
        return false;
    if (answer_allows(request, "GET, HEAD"))
        answer(request, app->process);
    return true;
}
