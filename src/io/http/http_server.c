#include "io/http/http_server.h"

#include <errno.h>
#include <fcntl.h>
#include <h2o.h>
#include <h2o/http1.h>
#include <stdatomic.h>
#include <stdio.h>

#include "io/http/http_exchange.h"

enum {
    ACCEPTS_PER_TURN = 64,
    SWEEP_MS = 100,
    SMALL_BODY = 16384, /* taken also when the budget is spent */
    DRAIN_SWEEP_MS = 20,
    /* Google's load balancer reuses a connection for 600 s and wants the backend to wait longer. */
    KEEP_ALIVE_MS = 620 * 1000,
};

struct http_server {
    struct loop *loop;
    struct http_server_options options;
    struct http_exchanges exchanges;
    h2o_globalconf_t config;
    h2o_context_t context;
    h2o_accept_ctx_t accept;
    h2o_socket_t *listener; /* NULL while draining */
    bool is_paused;         /* the listener, at connections_max */
    bool is_draining, is_budget_spent;
    atomic_size_t connections;
    struct loop_timer sweep;
};

struct handler {
    h2o_handler_t super;
    struct http_server *server;
};

struct filter {
    h2o_filter_t super;
    struct http_server *server;
};

static h2o_iovec_t copy_to(h2o_mem_pool_t *pool, struct str text)
{
    return h2o_strdup(pool, text.len == 0 ? "" : text.ptr, text.len);
}

/* Listening and accepting */

static void on_connection_closed(void *data)
{
    struct http_server *server = data;
    server->connections--;
}

/* Of a connection that is to be closed gently. */
struct farewell {
    struct http_server *server;
    int fd;
};

static void on_connection_left(void *data)
{
    struct farewell *farewell = data;
    loop_linger(farewell->server->loop, farewell->fd);
    on_connection_closed(farewell->server);
    free(farewell);
}

/* For an answer given while the client still sends. h2o has closed the socket by the time that it
 * tells us, so a duplicate is taken now. */
static void close_gently(struct http_server *server, h2o_req_t *req)
{
    h2o_socket_t *socket = req->conn->callbacks->get_socket(req->conn);
    int fd = socket->on_close.cb == on_connection_left
                 ? -1
                 : fcntl(h2o_socket_get_fd(socket), F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return;
    struct farewell *farewell = mem_new(1, sizeof(*farewell));
    *farewell = (struct farewell){server, fd};
    socket->on_close.cb = on_connection_left;
    socket->on_close.data = farewell;
}

static void on_connections_waiting(h2o_socket_t *listener, const char *error)
{
    struct http_server *server = listener->data;
    for (int i = 0; error == NULL && i < ACCEPTS_PER_TURN; i++) {
        if ((int64_t)server->connections >= server->options.connections_max) {
            /* Reading on would call us back a million times a second; the sweep resumes it. */
            h2o_socket_read_stop(listener);
            server->is_paused = true;
            return;
        }
        h2o_socket_t *socket = h2o_evloop_socket_accept(listener);
        if (socket == NULL)
            return;
        socket->on_close.cb = on_connection_closed;
        socket->on_close.data = server;
        server->connections++;
        h2o_accept(&server->accept, socket);
    }
}

static void say_taken(const char *address, int port, char *mistake, size_t mistake_size)
{
    snprintf(mistake, mistake_size, "cannot listen on %s, port %d: %s", address, port,
             strerror(errno));
}

bool http_server_is_free(const char *address, int port, char *mistake, size_t mistake_size)
{
    int fd = loop_listen(address, port, LOOP_ALONE);
    if (fd < 0)
        say_taken(address, port, mistake, mistake_size);
    else
        close(fd);
    return fd >= 0;
}

/* Sweeping */

/* Without a request it may stay until its place is needed, if it had an answer before. */
static bool is_in_the_way(const h2o_req_t *req, const struct http_server *server)
{
    const h2o_socket_t *socket = req->conn->callbacks->get_socket(req->conn);
    return server->is_draining || server->is_paused ||
           (socket->bytes_written == 0 &&
            http_sweep_seconds_since(&req->conn->connected_at) > HTTP_SLOW_SECONDS);
}

static int drop_if_due(h2o_req_t *req, void *arg)
{
    struct http_server *server = arg;
    bool is_idle = req->timestamps.request_begin_at.tv_sec == 0;
    if (is_idle ? is_in_the_way(req, server) : http_sweep_is_slow(req))
        http_sweep_drop(req, server->options.write_refusal);
    return 0;
}

/* h2o reads a body whole before it asks us, and each loop has a limit of its own: while too much is
 * held, the limit is low; what had begun before may take as much again. */
static void keep_budget(struct http_server *server)
{
    int64_t budget = server->options.body_budget_bytes;
    int64_t held = http_sweep_held(&server->context);
    server->is_budget_spent = held > (server->is_budget_spent ? budget / 4 * 3 : budget);
    bool is_low = server->is_budget_spent && server->options.body_bytes_max > SMALL_BODY;
    server->config.max_request_entity_size =
        is_low ? SMALL_BODY : (size_t)server->options.body_bytes_max;
    http_sweep_shed(&server->context, held - 2 * (budget + server->options.body_bytes_max),
                    server->options.write_refusal);
}

static void on_sweep(struct loop_timer *timer)
{
    struct http_server *server = container_of(timer, struct http_server, sweep);
    keep_budget(server);
    http_sweep_shed_buffers();
    server->config.http1.callbacks.foreach_request(&server->context, drop_if_due, server);
    http_exchange_sweep(&server->exchanges);
    if (server->is_paused && server->listener != NULL &&
        (int64_t)server->connections < server->options.connections_max) {
        server->is_paused = false;
        h2o_socket_read_start(server->listener, on_connections_waiting);
    }
    loop_timer_start(server->loop, timer, server->is_draining ? DRAIN_SWEEP_MS : SWEEP_MS);
}

/* A request */

static int on_request(h2o_handler_t *super, h2o_req_t *req)
{
    struct http_server *server = ((struct handler *)super)->server;
    http_exchange_begin(&server->exchanges, req);
    return 0;
}

/* What h2o refuses by itself, before a handler sees it, becomes a problem document too. */

static void send_problem(h2o_ostream_t *stream, h2o_req_t *req, h2o_iovec_t *bufs, size_t count,
                         h2o_send_state_t state)
{
    h2o_iovec_t *problem = (h2o_iovec_t *)(void *)(stream + 1);
    (void)bufs, (void)count;
    h2o_ostream_send_next(stream, req, problem, 1, state);
}

/* Its headers are ours too. What h2o calls too large may only be too much for now. */
static enum status say_refusal(const struct http_server *server, h2o_req_t *req)
{
    req->res.headers = (h2o_headers_t){0};
    http_exchange_say_server(req);
    h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL,
                   H2O_STRLIT("application/problem+json"));
    if (req->res.status != 413 || !server->is_budget_spent)
        return req->res.status == 413 ? STATUS_TOO_LARGE : STATUS_BAD_REQUEST;
    req->res.status = status_info(STATUS_QUEUE_FULL)->http;
    req->res.reason = status_http_phrase(req->res.status);
    h2o_set_header(&req->pool, &req->res.headers, H2O_TOKEN_RETRY_AFTER, H2O_STRLIT("1"), 1);
    return STATUS_QUEUE_FULL;
}

static void on_setup_stream(h2o_filter_t *filter, h2o_req_t *req, h2o_ostream_t **slot)
{
    if (req->compress_hint != H2O_COMPRESS_HINT_DISABLE) {
        struct http_server *server = ((struct filter *)filter)->server;
        enum status status = say_refusal(server, req);
        struct str path = {req->input.path.base, req->input.path.len};
        struct buf body = {0};
        close_gently(server, req);
        server->options.write_refusal(str_cut(&path, '?'), status, status_info(status)->sentence,
                                      &body);
        h2o_ostream_t *stream = h2o_add_ostream(req, sizeof(*stream) + sizeof(h2o_iovec_t), slot);
        h2o_iovec_t *problem = (h2o_iovec_t *)(void *)(stream + 1);
        *problem = copy_to(&req->pool, buf_str(&body));
        buf_free(&body);
        stream->do_send = send_problem;
        slot = &stream->next;
        req->res.content_length = problem->len;
    }
    h2o_setup_next_ostream(req, slot);
}

/* Opening and draining */

static void add_filter(struct http_server *server, h2o_pathconf_t *path)
{
    struct filter *filter = (struct filter *)(void *)h2o_create_filter(path, sizeof(*filter));
    filter->super.on_setup_ostream = on_setup_stream;
    filter->server = server;
}

static void configure(struct http_server *server)
{
    h2o_config_init(&server->config);
    server->config.server_name = (h2o_iovec_t){0}; /* http_exchange_say_server */
    server->config.http1.upgrade_to_http2 = 0;     /* CVE-2023-44487 is not fixed in this h2o */
    server->config.http1.req_timeout = KEEP_ALIVE_MS;
    server->config.max_request_entity_size = (size_t)server->options.body_bytes_max;
    h2o_hostconf_t *host =
        h2o_config_register_host(&server->config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    h2o_pathconf_t *path = h2o_config_register_path(host, "/", 0);
    struct handler *handler = (struct handler *)(void *)h2o_create_handler(path, sizeof(*handler));
    handler->super.on_req = on_request;
    handler->server = server;
    add_filter(server, path);
    add_filter(server, &host->fallback_path);
}

struct http_server *http_server_open(struct loop *loop, const struct http_server_options *options,
                                     char *mistake, size_t mistake_size)
{
    int fd = loop_listen(options->address, options->port, LOOP_SHARED);
    if (fd < 0) {
        say_taken(options->address, options->port, mistake, mistake_size);
        return NULL;
    }
    struct http_server *server = mem_new(1, sizeof(*server));
    server->loop = loop;
    server->options = *options;
    http_exchanges_init(&server->exchanges, loop, &server->options);
    configure(server);
    http_sweep_keep_buffers();
    h2o_context_init(&server->context, loop_native(loop), &server->config);
    server->accept = (h2o_accept_ctx_t){.ctx = &server->context, .hosts = server->config.hosts};
    server->listener = h2o_evloop_socket_create(loop_native(loop), fd, H2O_SOCKET_FLAG_DONT_READ);
    server->listener->data = server;
    h2o_socket_read_start(server->listener, on_connections_waiting);
    server->sweep.fired = on_sweep;
    loop_timer_start(loop, &server->sweep, SWEEP_MS);
    return server;
}

void http_server_drain(struct http_server *server)
{
    if (server->listener == NULL)
        return;
    /* Who waits in the backlog was promised a connection. */
    on_connections_waiting(server->listener, NULL);
    h2o_socket_close(server->listener);
    server->listener = NULL;
    server->is_draining = true;
    on_sweep(&server->sweep);
    h2o_context_request_shutdown(&server->context);
}

size_t http_server_connections(const struct http_server *server)
{
    return server->connections;
}
