#include "io/http/http_exchange.h"

#include <h2o.h>
#include <poll.h>

#include "io/asker.h"
#include "io/http/http_head.h"

/* Ours, behind the public part. h2o may drop its side first, when the connection breaks. */
struct exchange {
    struct http_request request;
    struct http_exchanges *exchanges;
    struct asker asker;
    struct list waiting;
    h2o_req_t *native;      /* NULL once h2o has dropped it */
    struct exchange **link; /* h2o's way back here */
    bool closes;            /* the connection, whatever the answer */
    char id[HTTP_ID_MAX];
};

static struct str str_of(h2o_iovec_t vec)
{
    return (struct str){vec.base, vec.len};
}

/* Beginning */

void http_exchanges_init(struct http_exchanges *exchanges, struct loop *loop,
                         const struct http_server_options *options)
{
    *exchanges = (struct http_exchanges){
        .loop = loop, .options = options, .shelf.size = sizeof(struct exchange)};
    list_init(&exchanges->waiting);
}

void http_exchange_say_server(h2o_req_t *req)
{
    enum { USUAL_HEADERS = 8 };
    h2o_vector_reserve(&req->pool, &req->res.headers, USUAL_HEADERS);
    h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_SERVER, "Server",
                   H2O_STRLIT("mamparo"));
}

/* The last h2o does with a request, answered or not. */
static void on_native_gone(void *link)
{
    struct exchange *exchange = *(struct exchange **)link;
    if (exchange == NULL)
        return;
    exchange->native = NULL;
    exchange->request.is_gone = true;
    asker_leave(&exchange->asker);
}

static void read_request(struct http_request *request, const h2o_req_t *req)
{
    request->method = str_of(req->input.method);
    request->target = request->path = str_of(req->input.path);
    request->body = str_of(req->entity);
    if (req->input.query_at == SIZE_MAX)
        return;
    request->path.len = req->input.query_at;
    request->query = (struct str){req->input.path.base + req->input.query_at + 1,
                                  req->input.path.len - req->input.query_at - 1};
}

static struct exchange *exchange_new(struct http_exchanges *exchanges, h2o_req_t *req)
{
    struct exchange *exchange = shelf_take(&exchanges->shelf, sizeof(*exchange));
    struct exchange **link =
        h2o_mem_alloc_shared(&req->pool, sizeof(struct exchange *), on_native_gone);
    *link = exchange;
    *exchange = (struct exchange){.exchanges = exchanges, .native = req, .link = link};
    asker_init(&exchange->asker, exchanges->loop);
    list_append(&exchanges->waiting, &exchange->waiting);
    exchange->request.arg = exchanges->options->arg;
    read_request(&exchange->request, req);
    http_exchange_say_server(req);
    req->res.content_length = 0;
    /* True of all our answers, and by it on_setup_stream tells them from h2o's own. */
    req->compress_hint = H2O_COMPRESS_HINT_DISABLE;
    return exchange;
}

static void refuse(struct exchange *exchange, enum status status, const char *why)
{
    struct buf body = {0};
    exchange->closes = true;
    exchange->exchanges->options->write_refusal(exchange->request.path, status, why, &body);
    http_reply(
        &exchange->request,
        &(struct http_response){.status = status_info(status)->http,
                                .headers = {{"content-type", STR("application/problem+json")}},
                                .body = buf_str(&body)});
    buf_free(&body);
}

/* Somebody left, or sends his next request already: the one is found out by the sweep, the other
 * stays where it is until h2o reads on. */
static void on_client_readable(h2o_socket_t *socket, const char *error)
{
    (void)error;
    h2o_socket_read_stop(socket);
}

static h2o_socket_t *socket_of(h2o_req_t *req)
{
    return req->conn->callbacks->get_socket(req->conn);
}

/* While a handler waits the descriptor stays in epoll, which takes two system calls less than to
 * have it out and in again. Nothing is read: the request's texts are in the socket's input. */
static void stay_in_epoll(h2o_socket_t *socket)
{
    h2o_socket_dont_read(socket, 1);
    h2o_socket_read_start(socket, on_client_readable);
}

static void give_back_to_h2o(h2o_socket_t *socket)
{
    h2o_socket_read_stop(socket);
    h2o_socket_dont_read(socket, 0);
}

void http_exchange_begin(struct http_exchanges *exchanges, h2o_req_t *req)
{
    struct exchange *exchange = exchange_new(exchanges, req);
    h2o_buffer_t *raw = socket_of(req)->input;
    const char *why;
    if (exchanges->options->greet != NULL)
        exchanges->options->greet(&exchange->request);
    enum status status = http_head_check((struct str){raw->bytes, raw->size}, &why);
    stay_in_epoll(socket_of(req));
    if (status == STATUS_OK) {
        loop_set_asker(exchanges->loop, &exchange->asker);
        exchanges->options->handler(&exchange->request);
        loop_set_asker(exchanges->loop, NULL);
    } else {
        refuse(exchange, status, why);
    }
}

/* While waiting */

struct str http_request_header(const struct http_request *request, struct str name)
{
    const h2o_req_t *req = container_of(request, const struct exchange, request)->native;
    ssize_t at = req == NULL ? -1 : h2o_find_header_by_str(&req->headers, name.ptr, name.len, -1);
    return at < 0 ? (struct str){NULL, 0} : str_of(req->headers.entries[at].value);
}

bool http_request_line(const struct http_request *request, size_t at, struct http_line *out)
{
    const h2o_req_t *req = container_of(request, const struct exchange, request)->native;
    if (req == NULL || at >= req->headers.size)
        return false;
    const h2o_header_t *header = &req->headers.entries[at];
    *out = (struct http_line){str_of(*header->name), str_of(header->value)};
    return true;
}

bool http_request_peer(const struct http_request *request, uint8_t peer[HTTP_PEER_SIZE])
{
    static const uint8_t v4_prefix[] = {[10] = 0xff, [11] = 0xff};
    const h2o_req_t *req = container_of(request, const struct exchange, request)->native;
    union {
        struct sockaddr_storage any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = {0};
    if (req == NULL ||
        req->conn->callbacks->get_peername(req->conn, (struct sockaddr *)&address.any) == 0)
        return false;
    if (address.any.ss_family == AF_INET6) {
        memcpy(peer, &address.v6.sin6_addr, HTTP_PEER_SIZE);
    } else {
        memcpy(peer, v4_prefix, sizeof(v4_prefix));
        memcpy(peer + sizeof(v4_prefix), &address.v4.sin_addr, sizeof(address.v4.sin_addr));
    }
    return true;
}

void http_request_name(struct http_request *request, struct str id)
{
    struct exchange *exchange = container_of(request, struct exchange, request);
    assert(id.len <= sizeof(exchange->id));
    memcpy(exchange->id, id.ptr, id.len);
    request->id = (struct str){exchange->id, id.len};
    http_answer_with(request, "x-request-id", request->id);
}

static bool has_left(const struct exchange *exchange)
{
    if (exchange->native == NULL)
        return true;
    struct pollfd fd = {.fd = h2o_socket_get_fd(socket_of(exchange->native)), .events = POLLRDHUP};
    return poll(&fd, 1, 0) > 0;
}

void http_exchange_sweep(struct http_exchanges *exchanges)
{
    list_each (link, &exchanges->waiting) {
        struct exchange *exchange = container_of(link, struct exchange, waiting);
        if (!asker_is_free(&exchange->asker) && has_left(exchange))
            asker_leave(&exchange->asker);
    }
}

/* Answering */

/* As h2o would, but with no look whether it knows the name, which it asks for nowhere. */
static void add_header(h2o_req_t *req, const char *name, struct str value)
{
    h2o_headers_t *headers = &req->res.headers;
    h2o_iovec_t *kept = h2o_mem_alloc_pool(&req->pool, sizeof(*kept) + value.len);
    char *bytes = (char *)(kept + 1);
    if (value.len > 0)
        memcpy(bytes, value.ptr, value.len);
    *kept = h2o_iovec_init(name, strlen(name));
    h2o_vector_reserve(&req->pool, headers, headers->size + 1);
    headers->entries[headers->size++] =
        (h2o_header_t){.name = kept, .value = h2o_iovec_init(bytes, value.len)};
}

void http_answer_with(struct http_request *request, const char *name, struct str value)
{
    h2o_req_t *req = container_of(request, struct exchange, request)->native;
    if (req != NULL)
        add_header(req, name, value);
}

static void write_head(h2o_req_t *req, const struct http_response *response)
{
    req->res.status = response->status;
    req->res.content_length = response->length > 0 ? (size_t)response->length : SIZE_MAX;
    req->res.reason = status_http_phrase(response->status);
    for (const struct http_header *header = response->headers; header->name != NULL; header++)
        add_header(req, header->name, header->value);
}

h2o_req_t *http_exchange_take(struct http_request *request, const struct http_response *response)
{
    struct exchange *exchange = container_of(request, struct exchange, request);
    const struct http_server_options *options = exchange->exchanges->options;
    h2o_req_t *req = exchange->native;
    if (options->observe != NULL && req != NULL)
        options->observe(options->arg, response->status,
                         http_sweep_microseconds_since(&req->processed_at.at));
    asker_fini(&exchange->asker);
    list_remove(&exchange->waiting);
    if (req != NULL) {
        *exchange->link = NULL;
        give_back_to_h2o(socket_of(req));
        if (exchange->closes)
            req->http1_is_persistent = 0;
        write_head(req, response);
    }
    shelf_give(&exchange->exchanges->shelf, exchange, sizeof(*exchange));
    return req;
}

void http_reply(struct http_request *request, const struct http_response *response)
{
    h2o_req_t *req = http_exchange_take(request, response);
    struct str body = response->body;
    if (req == NULL)
        return;
    if (response->length == 0)
        req->res.content_length = response->status == 304 ? SIZE_MAX : body.len;
    /* Copies the body, and alone of h2o's ways to answer it leaves it out for HEAD. */
    h2o_send_inline(req, body.len == 0 ? "" : body.ptr, body.len);
}
