#include "io/http/http_source.h"

#include <errno.h>
#include <h2o.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "io/call.h"

enum { HEAD_BYTES_MAX = 65536 };

struct http_source {
    struct call call; /* its deadline is for whatever comes next */
    struct loop *loop;
    h2o_socket_t *socket;
    const struct http_source_events *events; /* NULL: nobody has taken it yet */
    void *arg;
    struct buf request;
    msec_t head_ms, silence_ms;
    bool has_connected, has_head, is_paused;
    struct http_body body;
    int64_t left;             /* of a body that says its length */
    size_t head_bytes;        /* of an adopted one, in front of its input */
    struct loop_defer begins; /* likewise */
};

static void finish(struct http_source *source, enum status status)
{
    if (source->call.is_over)
        return;
    loop_defer_cancel(&source->begins);
    if (source->socket != NULL)
        h2o_socket_read_stop(source->socket);
    call_end(&source->call, status);
}

static void await_more(struct http_source *source)
{
    if (!source->call.is_over && !source->is_paused)
        loop_timer_start(source->loop, &source->call.deadline, source->silence_ms);
}

/* The body */

static struct str next_of_length(struct http_source *source, struct str *rest)
{
    struct str bytes = *rest;
    if ((int64_t)bytes.len > source->left)
        bytes.len = (size_t)source->left;
    rest->ptr += bytes.len;
    rest->len -= bytes.len;
    source->left -= (int64_t)bytes.len;
    return bytes;
}

static void take_body(struct http_source *source, struct str rest)
{
    bool is_chunked = source->body.length < 0;
    struct http_chunked *chunked = &source->body.chunked;
    while (!source->call.is_over) {
        struct str bytes =
            is_chunked ? http_chunked_next(chunked, &rest) : next_of_length(source, &rest);
        if (bytes.len == 0)
            break;
        source->events->on_bytes(source->arg, bytes);
    }
    /* Bytes behind the end belong to nobody; the connection ends with the answer. */
    if (is_chunked ? chunked->state == CHUNKED_DONE : source->left == 0)
        finish(source, STATUS_OK);
    else if (chunked->state == CHUNKED_BROKEN)
        finish(source, STATUS_UPSTREAM_FAILED);
    await_more(source);
}

/* Reads for itself: h2o would take all that is there, however much. */
static void on_body_readable(h2o_socket_t *socket, const char *error)
{
    struct http_source *source = socket->data;
    char piece[HTTP_SOURCE_PIECE];
    (void)error;
    ssize_t got = recv(h2o_socket_get_fd(socket), piece, sizeof(piece), MSG_DONTWAIT);
    if (got > 0)
        take_body(source, (struct str){piece, (size_t)got});
    else if (got == 0 || (errno != EAGAIN && errno != EINTR))
        finish(source, STATUS_UPSTREAM_FAILED);
}

/* What the kernel keeps for a slow client is no less memory. */
static void limit_kernel(const struct http_source *source)
{
    static const int receive_bytes = 131072;
    setsockopt(h2o_socket_get_fd(source->socket), SOL_SOCKET, SO_RCVBUF, &receive_bytes,
               sizeof(receive_bytes));
}

static void read_body(struct http_source *source)
{
    if (source->call.is_over || source->is_paused)
        return;
    h2o_socket_dont_read(source->socket, 1);
    h2o_socket_read_start(source->socket, on_body_readable);
}

/* Asking */

/* How long the head is; 0 while it is not whole, or when it is none. */
static size_t take_head(struct http_source *source, struct str input)
{
    struct http_answer_head head;
    int whole = http_head_parse_answer(input, &head);
    bool has_length = head.content_length >= 0;
    if (whole == 0 && input.len < HEAD_BYTES_MAX)
        return 0;
    if (whole <= 0 || head.status < 200 || has_length == head.is_chunked) {
        finish(source, STATUS_UPSTREAM_FAILED);
        return 0;
    }
    source->has_head = true;
    source->body.length = source->left = head.content_length;
    source->events->on_head(source->arg, &head);
    return head.head_bytes;
}

static void on_answer_bytes(h2o_socket_t *socket, const char *error)
{
    struct http_source *source = socket->data;
    struct str input = {socket->input->bytes, socket->input->size};
    if (source->call.is_over)
        return;
    if (error != NULL) {
        finish(source, STATUS_UPSTREAM_FAILED);
        return;
    }
    size_t head_bytes = take_head(source, input);
    if (!source->has_head)
        return;
    take_body(source, (struct str){input.ptr + head_bytes, input.len - head_bytes});
    h2o_buffer_consume(&socket->input, socket->input->size);
    read_body(source);
}

static void on_request_written(h2o_socket_t *socket, const char *error)
{
    /* Where writing failed, reading does too, and tells it. */
    (void)socket, (void)error;
}

static void on_connected(h2o_socket_t *socket, const char *error)
{
    struct http_source *source = socket->data;
    h2o_iovec_t bytes = h2o_iovec_init(source->request.ptr, source->request.len);
    if (source->call.is_over)
        return;
    if (error != NULL) {
        finish(source, STATUS_NO_SERVER);
        return;
    }
    source->has_connected = true;
    limit_kernel(source);
    loop_timer_start(source->loop, &source->call.deadline, source->head_ms);
    h2o_socket_read_start(socket, on_answer_bytes);
    h2o_socket_write(socket, &bytes, 1, on_request_written);
}

static void on_silence(struct call *call)
{
    struct http_source *source = container_of(call, struct http_source, call);
    finish(source, source->has_connected ? STATUS_TIMEOUT : STATUS_NO_SERVER);
}

static void on_call_end(struct call *call)
{
    struct http_source *source = container_of(call, struct http_source, call);
    if (source->socket != NULL)
        h2o_socket_close(source->socket);
    source->events->on_end(source->arg, call->status);
    buf_free(&source->request);
    free(source);
}

struct http_source *http_source_open(struct http_peer *peer,
                                     const struct http_source_options *options,
                                     const struct http_source_events *events, void *arg)
{
    struct http_source *source = mem_new(1, sizeof(*source));
    *source = (struct http_source){
        .loop = http_peer_loop(peer),
        .events = events,
        .arg = arg,
        .head_ms = options->head_ms,
        .silence_ms = options->silence_ms,
        .call = {.on_deadline = on_silence, .on_end = on_call_end},
    };
    buf_append_text(&source->request, "GET ");
    buf_append_str(&source->request, options->target);
    buf_printf(&source->request, " HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n",
               http_peer_name(peer));
    buf_append_str(&source->request, options->headers);
    buf_append_text(&source->request, "\r\n");
    call_start(&source->call, source->loop, options->connect_ms);
    source->socket = http_peer_connect(peer, on_connected);
    if (source->socket == NULL)
        finish(source, STATUS_NO_SERVER);
    else
        source->socket->data = source;
    return source;
}

/* Adopting */

struct http_source *http_source_adopt(struct http_peer *peer, h2o_socket_t *socket,
                                      const struct http_body *body, size_t head_bytes)
{
    struct http_source *source = mem_new(1, sizeof(*source));
    *source = (struct http_source){
        .loop = http_peer_loop(peer),
        .socket = socket,
        .has_connected = true,
        .has_head = true,
        .body = *body,
        .left = body->length - (int64_t)body->decoded,
        .head_bytes = head_bytes,
        .call = {.on_deadline = on_silence, .on_end = on_call_end},
    };
    socket->data = source;
    limit_kernel(source);
    return source;
}

/* What was received before, and then what comes. */
static void on_begin(struct loop_defer *defer)
{
    struct http_source *source = container_of(defer, struct http_source, begins);
    h2o_buffer_t *input = source->socket->input;
    struct str rest = {input->bytes + source->head_bytes, input->size - source->head_bytes};
    struct str decoded = {rest.ptr, source->body.decoded};
    if (decoded.len > 0)
        source->events->on_bytes(source->arg, decoded);
    rest.ptr += decoded.len;
    rest.len -= decoded.len;
    take_body(source, rest);
    h2o_buffer_dispose(&source->socket->input);
    h2o_buffer_init(&source->socket->input, &h2o_socket_buffer_prototype);
    read_body(source);
}

void http_source_read(struct http_source *rest, msec_t silence_ms,
                      const struct http_source_events *events, void *arg)
{
    rest->events = events;
    rest->arg = arg;
    rest->silence_ms = silence_ms;
    rest->begins.run = on_begin;
    call_start(&rest->call, rest->loop, silence_ms);
    loop_defer(rest->loop, &rest->begins);
}

void http_source_forget(struct http_source *source)
{
    if (source->events != NULL)
        return;
    h2o_socket_close(source->socket);
    free(source);
}

int64_t http_source_length(const struct http_source *source)
{
    return source->body.length;
}

/* Going on and leaving */

void http_source_pause(struct http_source *source)
{
    if (source->call.is_over || source->is_paused)
        return;
    assert(source->has_head);
    source->is_paused = true;
    loop_timer_stop(&source->call.deadline);
    h2o_socket_read_stop(source->socket);
}

void http_source_resume(struct http_source *source)
{
    if (source->call.is_over || !source->is_paused)
        return;
    source->is_paused = false;
    await_more(source);
    read_body(source);
}

void http_source_close(struct http_source *source)
{
    finish(source, STATUS_CANCELLED);
}
