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
static void hang_up(h2o_req_t *req, const char *last_words)
{
    int fd = h2o_socket_get_fd(req->conn->callbacks->get_socket(req->conn));
    (void)!send(fd, last_words, strlen(last_words), MSG_DONTWAIT | MSG_NOSIGNAL);
    shutdown(fd, SHUT_RDWR);
}

void http_sweep_drop(h2o_req_t *req)
{
    bool is_unanswered = req->timestamps.request_begin_at.tv_sec != 0 &&
                         req->timestamps.response_start_at.tv_sec == 0;
    hang_up(req, is_unanswered ? "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n"
                                 "Content-Length: 0\r\n\r\n"
                               : "");
}

/* A head alone takes no more than this. */
enum { SMALL_REQUEST = 65536 };

static int shed(h2o_req_t *req, void *bytes)
{
    int64_t *left = bytes;
    int64_t held = (int64_t)req->conn->callbacks->get_socket(req->conn)->input->capacity;
    bool is_sending =
        req->timestamps.request_begin_at.tv_sec != 0 && req->processed_at.at.tv_sec == 0;
    if (*left <= 0 || !is_sending || held <= SMALL_REQUEST)
        return 0;
    hang_up(req, "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\n"
                 "Content-Length: 0\r\n\r\n");
    *left -= held;
    return 0;
}

void http_sweep_shed(h2o_context_t *context, int64_t bytes)
{
    context->globalconf->http1.callbacks.foreach_request(context, shed, &bytes);
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
