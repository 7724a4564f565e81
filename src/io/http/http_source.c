#include "io/http/http_source.h"

#include <h2o.h>

#include "base/buf.h"
#include "io/call.h"
#include "io/http/http_chunked.h"

enum { HEAD_BYTES_MAX = 65536 };

struct http_source {
    struct call call; /* its deadline is for whatever comes next */
    h2o_socket_t *socket;
    const struct http_source_events *events;
    void *arg;
    struct buf request;
    msec_t head_ms, silence_ms;
    bool has_connected, has_head, is_paused;
    struct http_chunked chunked;
    int64_t left; /* of a body that says its length; -1: it is chunked */
};

static void finish(struct http_source *source, enum status status)
{
    if (source->call.is_over)
        return;
    if (source->socket != NULL)
        h2o_socket_read_stop(source->socket);
    call_end(&source->call, status);
}

static void await_more(struct http_source *source)
{
    if (!source->call.is_over && !source->is_paused)
        loop_timer_start(source->call.loop, &source->call.deadline, source->silence_ms);
}

/* Takes the head off `rest`, once it is whole. */
static void take_head(struct http_source *source, struct str *rest)
{
    struct http_answer_head head;
    int whole = http_head_parse_answer(*rest, &head);
    bool has_length = head.content_length >= 0;
    if (whole == 0 && rest->len < HEAD_BYTES_MAX)
        return;
    if (whole <= 0 || head.status < 200 || has_length == head.is_chunked) {
        finish(source, STATUS_UPSTREAM_FAILED);
        return;
    }
    source->has_head = true;
    source->left = head.content_length;
    source->events->on_head(source->arg, &head);
    rest->ptr += head.head_bytes;
    rest->len -= head.head_bytes;
}

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

static void take_body(struct http_source *source, struct str *rest)
{
    bool is_chunked = source->left < 0;
    while (!source->call.is_over) {
        struct str bytes =
            is_chunked ? http_chunked_next(&source->chunked, rest) : next_of_length(source, rest);
        if (bytes.len == 0)
            break;
        source->events->on_bytes(source->arg, bytes);
    }
    /* Bytes behind the end belong to nobody; the connection ends with the answer. */
    if (source->left == 0 || source->chunked.state == CHUNKED_DONE)
        finish(source, STATUS_OK);
    else if (source->chunked.state == CHUNKED_BROKEN)
        finish(source, STATUS_UPSTREAM_FAILED);
}

static void on_answer_bytes(h2o_socket_t *socket, const char *error)
{
    struct http_source *source = socket->data;
    struct str rest = {socket->input->bytes, socket->input->size};
    if (source->call.is_over)
        return;
    if (error != NULL) {
        finish(source, STATUS_UPSTREAM_FAILED);
        return;
    }
    if (!source->has_head)
        take_head(source, &rest);
    if (source->has_head) {
        take_body(source, &rest);
        await_more(source);
    }
    h2o_buffer_consume(&socket->input, socket->input->size - rest.len);
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
    loop_timer_start(source->call.loop, &source->call.deadline, source->head_ms);
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
    call_start(&source->call, http_peer_loop(peer), options->connect_ms);
    source->socket = http_peer_connect(peer, on_connected);
    if (source->socket == NULL)
        finish(source, STATUS_NO_SERVER);
    else
        source->socket->data = source;
    return source;
}

void http_source_pause(struct http_source *source)
{
    if (source->call.is_over || source->is_paused)
        return;
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
    h2o_socket_read_start(source->socket, on_answer_bytes);
}

void http_source_close(struct http_source *source)
{
    finish(source, STATUS_CANCELLED);
}
