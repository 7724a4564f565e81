#include "io/http/http_client.h"

#include <h2o.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/shelf.h"
#include "io/call.h"
#include "io/http/http_chunked.h"
#include "io/http/http_source.h"

enum { HEAD_BYTES_MAX = 65536, ANSWER_BYTES_MAX = 32 << 20 };

/* From http_call to done. */
struct http_call {
    struct call call;
    struct http_peer *peer;
    struct http_connection *connection; /* NULL once it is the rest's */
    struct loop_timer connecting;
    struct loop_defer sending;
    msec_t connect_ms;
    bool is_reused; /* the connection: it may have died while idle */
    bool may_repeat;
    bool has_connected; /* then something may have been sent */
    bool has_head;
    bool has_moved; /* the head, since it was read: its texts */
    size_t buffer_max;
    struct http_body body; /* of the answer */
    struct http_outcome outcome;
    http_done_fn *done;
    void *arg;
    size_t request_bytes;
    char request[];
};

static void finish(struct http_call *call, enum status status)
{
    struct http_connection *connection = call->connection;
    loop_timer_stop(&call->connecting);
    loop_defer_cancel(&call->sending);
    call->outcome.status = status;
    /* The outcome borrows from the socket's input: on_end lets the connection go. */
    if (connection != NULL && connection->socket != NULL)
        h2o_socket_read_stop(connection->socket);
    call_end(&call->call, status);
}

static h2o_buffer_t *input_of(const struct http_call *call)
{
    return call->connection->socket->input;
}

/* The answer. STATUS_OK: what there is shall be handed over; STATUS_STARTING: more is needed. */

static enum status read_head(struct http_call *call)
{
    struct http_answer_head *head = &call->outcome.head;
    h2o_buffer_t *input = input_of(call);
    int whole = http_head_parse_answer((struct str){input->bytes, input->size}, head);
    if (whole == 0 && input->size < HEAD_BYTES_MAX)
        return STATUS_STARTING;
    if (whole <= 0 || head->status < 200)
        return STATUS_UPSTREAM_FAILED;
    bool has_none = head->status == 304 || (head->status == 204 && head->content_length < 0);
    if (has_none) {
        head->content_length = 0;
        head->is_chunked = false;
    }
    bool is_framed = (head->content_length < 0) == head->is_chunked;
    call->has_head = true;
    call->body.length = head->content_length;
    return is_framed ? STATUS_OK : STATUS_UPSTREAM_FAILED;
}

/* Each chunk's data moves up to the data before it: in the end the body is in one piece. */
static enum status join_chunks(struct http_call *call)
{
    h2o_buffer_t *input = input_of(call);
    struct http_body *body = &call->body;
    char *end = input->bytes + call->outcome.head.head_bytes + body->decoded;
    struct str rest = {end, (size_t)(input->bytes + input->size - end)};
    for (struct str data; (data = http_chunked_next(&body->chunked, &rest)).len > 0;) {
        memmove(end, data.ptr, data.len);
        end += data.len;
        body->decoded += data.len;
    }
    if (rest.len > 0)
        memmove(end, rest.ptr, rest.len);
    input->size = (size_t)(end - input->bytes) + rest.len;
    if (body->chunked.state == CHUNKED_DONE)
        body->length = (int64_t)body->decoded;
    return body->chunked.state == CHUNKED_BROKEN ? STATUS_UPSTREAM_FAILED : STATUS_STARTING;
}

/* By its length, or by what there is of it. */
static bool is_larger(const struct http_call *call, size_t limit)
{
    const struct http_body *body = &call->body;
    return body->length > (int64_t)limit || (body->length < 0 && body->decoded > limit);
}

static bool is_large(const struct http_call *call)
{
    return call->buffer_max > 0 && is_larger(call, call->buffer_max);
}

static enum status read_answer(struct http_call *call)
{
    struct http_answer_head *head = &call->outcome.head;
    call->has_moved = call->has_head;
    enum status status = call->has_head ? STATUS_OK : read_head(call);
    if (status == STATUS_OK && head->is_chunked)
        status = join_chunks(call);
    if (!call->has_head || status == STATUS_UPSTREAM_FAILED)
        return status;
    /* A server that answers before it was asked makes no sense at such a length. */
    if (is_large(call))
        return call->connection->is_writing ? STATUS_UPSTREAM_FAILED : STATUS_OK;
    if (is_larger(call, ANSWER_BYTES_MAX))
        return STATUS_UPSTREAM_FAILED;
    int64_t received = (int64_t)(input_of(call)->size - head->head_bytes);
    bool is_whole = call->body.length >= 0 && received >= call->body.length;
    return is_whole ? STATUS_OK : STATUS_STARTING;
}

/* Going there */

static void connect_anew(struct http_call *call);

/* A kept connection that broke before the first byte of an answer had most likely been closed
 * already: what is safe to repeat gets one new connection. */
static bool begin_again(struct http_call *call)
{
    if (!call->is_reused || !call->may_repeat || input_of(call)->size > 0)
        return false;
    http_peer_close_connection(call->connection);
    call->may_repeat = false;
    connect_anew(call);
    return true;
}

static void on_answer_bytes(h2o_socket_t *socket, const char *error)
{
    struct http_call *call = ((struct http_connection *)socket->data)->call;
    if (call->call.is_over)
        return;
    if (error != NULL) {
        if (!begin_again(call))
            finish(call, STATUS_UPSTREAM_FAILED);
        return;
    }
    enum status status = read_answer(call);
    if (status != STATUS_STARTING)
        finish(call, status);
}

static void on_request_written(h2o_socket_t *socket, const char *error)
{
    struct http_connection *connection = socket->data;
    /* Where writing failed, reading does too, and tells it. */
    connection->is_writing = error != NULL;
}

static void on_turn_to_send(struct loop_defer *defer)
{
    struct http_call *call = container_of(defer, struct http_call, sending);
    h2o_socket_t *socket = call->connection->socket;
    h2o_iovec_t bytes = h2o_iovec_init(call->request, call->request_bytes);
    call->has_connected = true;
    call->connection->is_writing = true;
    h2o_socket_read_start(socket, on_answer_bytes);
    h2o_socket_write(socket, &bytes, 1, on_request_written);
}

/* Requests go out together at the end of the turn: a server that sleeps is woken once for several,
 * and answers while others are still being written. */
static void send_request(struct http_call *call)
{
    loop_defer(call->call.loop, &call->sending);
}

static void on_connected(h2o_socket_t *socket, const char *error)
{
    struct http_call *call = ((struct http_connection *)socket->data)->call;
    if (call->call.is_over)
        return;
    loop_timer_stop(&call->connecting);
    if (error != NULL)
        finish(call, STATUS_NO_SERVER);
    else
        send_request(call);
}

static void on_connecting_too_long(struct loop_timer *timer)
{
    finish(container_of(timer, struct http_call, connecting), STATUS_NO_SERVER);
}

static void connect_anew(struct http_call *call)
{
    call->is_reused = false;
    loop_timer_start(call->call.loop, &call->connecting, call->connect_ms);
    call->connection = http_peer_new_connection(call->peer, call, on_connected);
    if (call->connection->socket == NULL)
        finish(call, STATUS_NO_SERVER);
}

static void on_deadline(struct call *base)
{
    struct http_call *call = container_of(base, struct http_call, call);
    finish(call, call->has_connected ? STATUS_TIMEOUT : STATUS_NO_SERVER);
}

static void on_left(struct call *base)
{
    finish(container_of(base, struct http_call, call), STATUS_CANCELLED);
}

/* The end */

static void complete_head(struct http_call *call)
{
    struct http_answer_head *head = &call->outcome.head;
    struct str input = {input_of(call)->bytes, input_of(call)->size};
    int whole = call->has_moved ? http_head_parse_answer(input, head) : 1;
    assert(whole == 1);
    head->content_length = call->body.length;
    head->is_chunked = head->content_length < 0;
}

/* The rest of a large answer takes the connection along. */
static void give_rest(struct http_call *call)
{
    struct http_connection *connection = call->connection;
    call->outcome.rest = http_source_adopt(call->peer, connection->socket, &call->body,
                                           call->outcome.head.head_bytes);
    call->connection = NULL;
    connection->socket = NULL;
    call->done(call->arg, &call->outcome);
    http_source_forget(call->outcome.rest);
    http_peer_close_connection(connection);
}

static void give_answer(struct http_call *call)
{
    struct http_connection *connection = call->connection;
    const struct http_answer_head *head = &call->outcome.head;
    size_t used = head->head_bytes + (size_t)head->content_length;
    call->outcome.body =
        (struct str){input_of(call)->bytes + head->head_bytes, (size_t)head->content_length};
    call->done(call->arg, &call->outcome);
    /* Bytes beyond the answer belong to no call: such a connection is not to be trusted. */
    bool is_clean =
        head->keeps_alive && !connection->is_writing && connection->socket->input->size == used;
    if (!is_clean) {
        http_peer_close_connection(connection);
        return;
    }
    h2o_buffer_consume(&connection->socket->input, used);
    http_peer_keep_connection(connection);
}

static void on_end(struct call *base)
{
    struct http_call *call = container_of(base, struct http_call, call);
    struct http_peer *peer = call->peer;
    if (call->outcome.status != STATUS_OK) {
        call->done(call->arg, &call->outcome);
        http_peer_close_connection(call->connection);
    } else {
        complete_head(call);
        if (is_large(call))
            give_rest(call);
        else
            give_answer(call);
    }
    shelf_give(http_peer_shelf(peer), call, sizeof(*call) + call->request_bytes);
    http_peer_release(peer);
}

/* Beginning */

static char *put(char *at, struct str text)
{
    if (text.len > 0)
        memcpy(at, text.ptr, text.len);
    return at + text.len;
}

enum { LENGTH_LINE_SIZE = 48 };

/* The line that says the body's length; none where there is no body. */
static struct str write_length(const struct http_call_options *options, char *line)
{
    if (str_equal(options->method, STR("GET")))
        return STR("");
    int length = snprintf(line, LENGTH_LINE_SIZE, "Content-Length: %zu\r\n", options->body.len);
    return (struct str){line, (size_t)length};
}

/* With its request, in one piece of memory. */
static struct http_call *call_new(struct http_peer *peer, const struct http_call_options *options)
{
    char line[LENGTH_LINE_SIZE];
    struct str length = write_length(options, line);
    const struct str parts[] = {
        options->method,
        STR(" "),
        options->target,
        STR(" HTTP/1.1\r\nHost: "),
        options->host.len > 0 ? options->host : str_from(http_peer_name(peer)),
        STR("\r\n"),
        length,
        options->headers,
        STR("\r\n"),
        /* A body without its length would be the start of the next request. */
        length.len > 0 ? options->body : STR(""),
    };
    size_t bytes = 0;
    for (size_t i = 0; i < countof(parts); i++)
        bytes += parts[i].len;
    struct http_call *call = shelf_take(http_peer_shelf(peer), sizeof(*call) + bytes);
    *call = (struct http_call){.peer = peer, .request_bytes = bytes};
    char *at = call->request;
    for (size_t i = 0; i < countof(parts); i++)
        at = put(at, parts[i]);
    return call;
}

struct http_call *http_call(struct http_peer *peer, const struct http_call_options *options,
                            http_done_fn *done, void *arg)
{
    struct http_call *call = call_new(peer, options);
    call->done = done;
    call->arg = arg;
    call->connect_ms = options->connect_ms;
    call->buffer_max = options->buffer_max;
    call->may_repeat = str_equal(options->method, STR("GET"));
    call->connecting.fired = on_connecting_too_long;
    call->sending.run = on_turn_to_send;
    call->call.on_deadline = on_deadline;
    call->call.on_end = on_end;
    if (call->may_repeat) /* whatever else is given up half way may have happened */
        call->call.on_left = on_left;
    http_peer_hold(peer);
    call_start(&call->call, http_peer_loop(peer), options->total_ms);
    call->connection = http_peer_take_connection(peer, call);
    call->is_reused = call->connection != NULL;
    if (call->is_reused)
        send_request(call);
    else
        connect_anew(call);
    return call;
}

void http_call_cancel(struct http_call *call)
{
    if (!call->call.is_over)
        finish(call, STATUS_CANCELLED);
}

struct waiting {
    http_done_fn *done;
    void *arg;
    bool is_done;
};

static void on_awaited(void *arg, const struct http_outcome *outcome)
{
    struct waiting *waiting = arg;
    waiting->done(waiting->arg, outcome);
    waiting->is_done = true;
}

void http_call_and_wait(struct http_peer *peer, const struct http_call_options *options,
                        http_done_fn *done, void *arg)
{
    enum { TURN_MS = 100 };
    struct waiting waiting = {done, arg, false};
    /* A loop that has not turned for long has an old clock, by which every deadline has passed. */
    loop_turn(http_peer_loop(peer), 0);
    http_call(peer, options, on_awaited, &waiting);
    while (!waiting.is_done)
        loop_turn(http_peer_loop(peer), TURN_MS);
}
