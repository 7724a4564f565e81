#include "io/http/http_sweep.h"

#include <h2o.h>
#include <sys/socket.h>

int64_t http_sweep_seconds_since(const struct timeval *then)
{
    struct timeval now;
    gettimeofday(&now, NULL);
    return then->tv_sec == 0 ? 0 : now.tv_sec - then->tv_sec;
}

int64_t http_sweep_microseconds_since(const struct timeval *then)
{
    struct timeval now;
    gettimeofday(&now, NULL);
    return (int64_t)(now.tv_sec - then->tv_sec) * 1000000 + now.tv_usec - then->tv_usec;
}

bool http_sweep_is_slow(const h2o_req_t *req)
{
    bool is_reading = req->processed_at.at.tv_sec == 0;
    return (is_reading &&
            http_sweep_seconds_since(&req->timestamps.request_begin_at) > HTTP_SLOW_SECONDS) ||
           http_sweep_seconds_since(&req->timestamps.response_start_at) > HTTP_SLOW_SECONDS;
}

/* The client is still sending, so he may or may not read it. */
static void hang_up(h2o_req_t *req, enum status status, http_refuse_fn *write_refusal)
{
    const struct status_info *info = status_info(status);
    struct str path = {req->input.path.base, req->input.path.len};
    struct buf body = {0}, answer = {0};
    int fd = h2o_socket_get_fd(req->conn->callbacks->get_socket(req->conn));
    write_refusal(str_cut(&path, '?'), status, info->sentence, &body);
    buf_printf(&answer,
               "HTTP/1.1 %d %s\r\nConnection: close\r\n%s"
               "Content-Type: application/problem+json\r\nContent-Length: %zu\r\n\r\n",
               info->http, status_http_phrase(info->http),
               info->repeat == REPEAT_SAFE ? "Retry-After: 1\r\n" : "", body.len);
    buf_append_str(&answer, buf_str(&body));
    (void)!send(fd, answer.ptr, answer.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    shutdown(fd, SHUT_RDWR);
    buf_free(&body);
    buf_free(&answer);
}

void http_sweep_drop(h2o_req_t *req, http_refuse_fn *write_refusal)
{
    bool is_unanswered = req->timestamps.request_begin_at.tv_sec != 0 &&
                         req->timestamps.response_start_at.tv_sec == 0;
    if (is_unanswered)
        hang_up(req, STATUS_SLOW_REQUEST, write_refusal);
    else
        shutdown(h2o_socket_get_fd(req->conn->callbacks->get_socket(req->conn)), SHUT_RDWR);
}

/* A head alone takes no more than this. */
enum { SMALL_REQUEST = 65536 };

struct shedding {
    int64_t left; /* bytes */
    http_refuse_fn *write_refusal;
};

static int shed(h2o_req_t *req, void *arg)
{
    struct shedding *shedding = arg;
    int64_t held = (int64_t)req->conn->callbacks->get_socket(req->conn)->input->capacity;
    bool is_sending =
        req->timestamps.request_begin_at.tv_sec != 0 && req->processed_at.at.tv_sec == 0;
    if (shedding->left <= 0 || !is_sending || held <= SMALL_REQUEST)
        return 0;
    hang_up(req, STATUS_QUEUE_FULL, shedding->write_refusal);
    shedding->left -= held;
    return 0;
}

void http_sweep_shed(h2o_context_t *context, int64_t bytes, http_refuse_fn *write_refusal)
{
    struct shedding shedding = {bytes, write_refusal};
    context->globalconf->http1.callbacks.foreach_request(context, shed, &shedding);
}

static int add_held(h2o_req_t *req, void *held)
{
    *(int64_t *)held += (int64_t)req->conn->callbacks->get_socket(req->conn)->input->capacity;
    return 0;
}

int64_t http_sweep_held(h2o_context_t *context)
{
    int64_t held = 0;
    context->globalconf->http1.callbacks.foreach_request(context, add_held, &held);
    return held;
}

void http_sweep_keep_buffers(void)
{
    enum { AT_ONCE = 256 };
    h2o_socket_buffer_prototype.allocator.max = AT_ONCE;
}

void http_sweep_shed_buffers(void)
{
    h2o_mem_recycle_t *kept = &h2o_socket_buffer_prototype.allocator;
    while (kept->cnt > 0)
        free(h2o_mem_alloc_recycle(kept, 0));
}
