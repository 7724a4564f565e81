/* h2o and nothing else: every request gets the same JSON, of one thread.
 *
 *   constant <port> <body bytes>
 *
 * What it is asked is read, and the answer written, as cheaply as h2o can: whoever does more is
 * measured against it. */
#include <fcntl.h>
#include <h2o.h>
#include <h2o/http1.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEEP_ALIVE_MS = 60000, ACCEPTS_PER_TURN = 64, BACKLOG = 4096 };

/* Lifetime: the process's, of both. */
struct server {
    h2o_globalconf_t config;
    h2o_context_t context;
    h2o_accept_ctx_t accept;
    char *body;
    size_t length;
};

struct handler {
    h2o_handler_t super;
    struct server *server;
};

static int answer(h2o_handler_t *handler, h2o_req_t *req)
{
    const struct server *server = ((struct handler *)handler)->server;
    req->res.status = 200;
    req->res.reason = "OK";
    req->res.content_length = server->length;
    h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL,
                   H2O_STRLIT("application/json"));
    h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_ETAG, NULL, H2O_STRLIT("\"1\""));
    h2o_send_inline(req, server->body, server->length);
    return 0;
}

static void on_clients(h2o_socket_t *listener, const char *error)
{
    struct server *server = listener->data;
    for (int i = 0; error == NULL && i < ACCEPTS_PER_TURN; i++) {
        h2o_socket_t *client = h2o_evloop_socket_accept(listener);
        if (client == NULL)
            return;
        h2o_accept(&server->accept, client);
    }
}

static void listen_on(struct server *server, int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, BACKLOG) != 0) {
        perror("listen");
        exit(1);
    }
    h2o_socket_t *listener =
        h2o_evloop_socket_create(server->context.loop, fd, H2O_SOCKET_FLAG_DONT_READ);
    listener->data = server;
    h2o_socket_read_start(listener, on_clients);
}

/* JSON of exactly so many bytes. */
static void make_body(struct server *server, size_t length)
{
    static const char frame[] = "{\"content\":\"\"}";
    const size_t before = sizeof(frame) - 3;
    server->length = length > sizeof(frame) ? length : sizeof(frame);
    server->body = malloc(server->length);
    memset(server->body, 'a', server->length);
    memcpy(server->body, frame, before);
    memcpy(server->body + server->length - 2, "\"}", 2);
}

int main(int count, char **words)
{
    struct server server = {0};
    if (count != 3)
        return 64;
    make_body(&server, strtoul(words[2], NULL, 10));
    h2o_config_init(&server.config);
    server.config.http1.req_timeout = KEEP_ALIVE_MS;
    server.config.http1.upgrade_to_http2 = 0;
    h2o_hostconf_t *host =
        h2o_config_register_host(&server.config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    struct handler *handler =
        (void *)h2o_create_handler(h2o_config_register_path(host, "/", 0), sizeof(*handler));
    handler->super.on_req = answer;
    handler->server = &server;
    h2o_context_init(&server.context, h2o_evloop_create(), &server.config);
    server.accept = (h2o_accept_ctx_t){.ctx = &server.context, .hosts = server.config.hosts};
    listen_on(&server, atoi(words[1]));
    for (;;)
        h2o_evloop_run(server.context.loop, INT32_MAX);
}
