#include "io/http/http_stream.h"

#include <errno.h>
#include <h2o.h>
#include <sys/socket.h>

#include "io/http/http_exchange.h"

struct http_stream {
    h2o_generator_t generator;
    h2o_req_t *native;
    const struct http_stream_events *events;
    void *arg;
    struct loop_watch *watch; /* h2o itself does not look whether the client is still there */
    bool is_ready, is_over;
};

/* The last h2o does with a request. */
static void on_native_gone(void *link)
{
    struct http_stream *stream = *(struct http_stream **)link;
    loop_watch_close(&stream->watch);
    stream->events->on_gone(stream->arg);
    free(stream);
}

/* To the sweep, an answer that began long ago is a slow client: ours begins with each write. */
static void set_ready(struct http_stream *stream, bool is_ready)
{
    struct timeval *begun = &stream->native->timestamps.response_start_at;
    stream->is_ready = is_ready;
    *begun = (struct timeval){0};
    if (!is_ready)
        gettimeofday(begun, NULL);
}

/* With a buffer even where it is empty: without one h2o would be done at once, inside our call. */
static void send_last(h2o_req_t *req, struct str last)
{
    h2o_iovec_t vector = h2o_iovec_init(last.len > 0 ? last.ptr : "", last.len);
    h2o_send(req, &vector, 1, H2O_SEND_STATE_FINAL);
}

static void on_proceed(h2o_generator_t *generator, h2o_req_t *req)
{
    struct http_stream *stream = container_of(generator, struct http_stream, generator);
    if (stream->is_over) { /* it was ended while this write was on its way */
        send_last(req, STR(""));
        return;
    }
    set_ready(stream, true);
    stream->events->on_ready(stream->arg);
}

static void on_stop(h2o_generator_t *generator, h2o_req_t *req)
{
    (void)req;
    container_of(generator, struct http_stream, generator)->is_over = true;
}

static int descriptor_of(const struct http_stream *stream)
{
    h2o_conn_t *connection = stream->native->conn;
    return h2o_socket_get_fd(connection->callbacks->get_socket(connection));
}

/* The client has nothing more to say; where it does, it is still there. */
static void on_client_readable(void *arg)
{
    struct http_stream *stream = arg;
    char byte;
    ssize_t got = recv(descriptor_of(stream), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    loop_watch_close(&stream->watch);
    if (got <= 0)
        http_stream_cut(stream);
}

struct http_stream *http_stream_start(struct http_request *request,
                                      const struct http_response *response, struct loop *loop,
                                      const struct http_stream_events *events, void *arg)
{
    /* What the kernel keeps for a slow client is no less memory. */
    static const int send_bytes = 131072;
    h2o_req_t *req = http_exchange_take(request, response);
    if (req == NULL)
        return NULL;
    struct http_stream *stream = mem_new(1, sizeof(*stream));
    *stream = (struct http_stream){.generator = {on_proceed, on_stop},
                                   .native = req,
                                   .events = events,
                                   .arg = arg,
                                   .is_ready = true};
    struct http_stream **link =
        h2o_mem_alloc_shared(&req->pool, sizeof(struct http_stream *), on_native_gone);
    *link = stream;
    setsockopt(descriptor_of(stream), SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof(send_bytes));
    stream->watch = loop_watch_open(loop, descriptor_of(stream), on_client_readable, stream);
    if (response->length <= 0) /* chunked */
        req->http1_is_persistent = 0;
    h2o_start_response(req, &stream->generator);
    return stream;
}

bool http_stream_is_ready(const struct http_stream *stream)
{
    return stream->is_ready;
}

void http_stream_write(struct http_stream *stream, const struct str *pieces, size_t count)
{
    h2o_iovec_t vectors[HTTP_STREAM_PIECES_MAX];
    assert(stream->is_ready && count > 0 && count <= HTTP_STREAM_PIECES_MAX);
    for (size_t i = 0; i < count; i++)
        vectors[i] = h2o_iovec_init(pieces[i].ptr, pieces[i].len);
    set_ready(stream, false);
    h2o_send(stream->native, vectors, count, H2O_SEND_STATE_IN_PROGRESS);
}

void http_stream_cut(struct http_stream *stream)
{
    static const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    if (stream->is_over)
        return;
    stream->is_over = true;
    stream->native->http1_is_persistent = 0;
    /* Resets the connection: one that is only closed may be how a body ends. */
    (void)!connect(descriptor_of(stream), &nobody, sizeof(nobody));
    if (!stream->is_ready)
        return;
    set_ready(stream, false);
    send_last(stream->native, STR(""));
}

void http_stream_end(struct http_stream *stream, struct str last)
{
    if (stream->is_over)
        return;
    stream->is_over = true;
    if (!stream->is_ready) {
        shutdown(descriptor_of(stream), SHUT_RDWR);
        return;
    }
    set_ready(stream, false);
    send_last(stream->native, last);
}
