#include "io/http/http_client.h"

#include <h2o.h>
#include <netdb.h>
#include <stdio.h>

#include "base/buf.h"
#include "io/call.h"

enum {
    IDLE_MS = 60000, /* well below our server's own keep-alive: the server never hangs up first */
    IDLE_MAX = 256,
    ANSWER_BYTES_MAX = 32 << 20,
};

struct http_peer {
    struct loop *loop;
    char *name;
    struct sockaddr_storage address;
    socklen_t address_size;
    struct list idle;
    size_t idle_count;
};

/* Lifetime: a connection's. Between calls it is in the peer's idle list. */
struct connection {
    struct list link;
    struct http_peer *peer;
    h2o_socket_t *socket;
    struct journey *journey; /* NULL while idle */
    bool is_writing;         /* the answer may come before the request is out */
    struct loop_timer idle;
};

/* One call: from http_call to done. */
struct journey {
    struct call call;
    struct http_peer *peer;
    struct connection *connection;
    struct loop_timer connecting;
    msec_t connect_ms;
    struct buf request;
    bool is_reused; /* the connection: it may have died while idle */
    bool may_repeat;
    bool has_connected; /* then something may have been sent */
    struct http_outcome outcome;
    http_done_fn *done;
    void *arg;
};

static void on_journey_deadline(struct call *call);
static void on_journey_left(struct call *call);
static void on_journey_end(struct call *call);

/* Peers */

struct http_peer *http_peer_open(struct loop *loop, struct str place, char *mistake,
                                 size_t mistake_size)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *found = NULL;
    char *name = mem_copy(place.ptr, place.len);
    char *host = mem_copy(place.ptr, place.len);
    char *colon = strrchr(host, ':');
    int error = EAI_SERVICE;
    if (colon != NULL) {
        *colon = '\0';
        bool has_brackets = host[0] == '[' && colon > host + 1 && colon[-1] == ']';
        if (has_brackets)
            colon[-1] = '\0';
        error = getaddrinfo(host + has_brackets, colon + 1, &hints, &found);
    }
    free(host);
    if (error != 0) {
        snprintf(mistake, mistake_size, "\"%s\" is no host:port that can be reached: %s", name,
                 colon == NULL ? "there is no port" : gai_strerror(error));
        free(name);
        return NULL;
    }
    struct http_peer *peer = mem_new(1, sizeof(*peer));
    peer->loop = loop;
    peer->name = name;
    memcpy(&peer->address, found->ai_addr, found->ai_addrlen);
    peer->address_size = found->ai_addrlen;
    list_init(&peer->idle);
    freeaddrinfo(found);
    return peer;
}

const char *http_peer_name(const struct http_peer *peer)
{
    return peer->name;
}

struct loop *http_peer_loop(const struct http_peer *peer)
{
    return peer->loop;
}

h2o_socket_t *http_peer_connect(struct http_peer *peer, http_connected_fn *connected)
{
    return h2o_socket_connect(loop_native(peer->loop), (struct sockaddr *)&peer->address,
                              peer->address_size, connected);
}

/* Connections */

static void connection_close(struct connection *connection)
{
    if (connection->journey == NULL) {
        list_remove(&connection->link);
        connection->peer->idle_count--;
    }
    loop_timer_stop(&connection->idle);
    if (connection->socket != NULL)
        h2o_socket_close(connection->socket);
    free(connection);
}

/* While idle, anything that comes means that the server hung up or lost its mind. */
static void on_idle_readable(h2o_socket_t *socket, const char *error)
{
    (void)error;
    connection_close(socket->data);
}

static void on_idle_too_long(struct loop_timer *timer)
{
    connection_close(container_of(timer, struct connection, idle));
}

static void connection_keep(struct connection *connection)
{
    struct http_peer *peer = connection->peer;
    connection->journey = NULL;
    list_init(&connection->link);
    /* At the head: the one used last is the least likely to have died. */
    list_append(peer->idle.next, &connection->link);
    peer->idle_count++;
    connection->idle.fired = on_idle_too_long;
    loop_timer_start(peer->loop, &connection->idle, IDLE_MS);
    h2o_socket_read_start(connection->socket, on_idle_readable);
    if (peer->idle_count > IDLE_MAX)
        connection_close(container_of(peer->idle.prev, struct connection, link));
}

static struct connection *connection_take_idle(struct http_peer *peer)
{
    struct list *link = list_take_first(&peer->idle);
    if (link == NULL)
        return NULL;
    struct connection *connection = container_of(link, struct connection, link);
    peer->idle_count--;
    loop_timer_stop(&connection->idle);
    h2o_socket_read_stop(connection->socket);
    return connection;
}

/* A journey, in the order of its steps */

static void finish(struct journey *journey, enum status status)
{
    struct connection *connection = journey->connection;
    loop_timer_stop(&journey->connecting);
    journey->outcome.status = status;
    /* The outcome borrows from the socket's input: on_journey_end lets the connection go. */
    if (connection != NULL && connection->socket != NULL)
        h2o_socket_read_stop(connection->socket);
    call_end(&journey->call, status);
}

static void connect_anew(struct journey *journey);

/* A kept connection that broke before the first byte of an answer had most likely been closed
 * already: what is safe to repeat gets one new connection. */
static bool begin_again(struct journey *journey)
{
    if (!journey->is_reused || !journey->may_repeat || journey->connection->socket->input->size > 0)
        return false;
    connection_close(journey->connection);
    journey->connection = NULL;
    journey->may_repeat = false;
    connect_anew(journey);
    return true;
}

/* What the bytes so far come to: STATUS_OK for a whole answer, STATUS_UPSTREAM_FAILED for none that
 * can be taken, STATUS_STARTING while more are needed. An answer must say its length. */
static enum status judge_answer(struct http_answer_head *head, const h2o_buffer_t *input)
{
    int whole = http_head_parse_answer((struct str){input->bytes, input->size}, head);
    if (whole < 0 || input->size > ANSWER_BYTES_MAX)
        return STATUS_UPSTREAM_FAILED;
    if (whole == 0)
        return STATUS_STARTING;
    bool has_none = head->status == 304 || (head->status == 204 && head->content_length < 0);
    if (has_none)
        head->content_length = 0;
    if (head->content_length < 0 || head->is_chunked || head->status < 200)
        return STATUS_UPSTREAM_FAILED;
    bool has_body = input->size - head->head_bytes >= (size_t)head->content_length;
    return has_body ? STATUS_OK : STATUS_STARTING;
}

static void on_answer_bytes(h2o_socket_t *socket, const char *error)
{
    struct journey *journey = ((struct connection *)socket->data)->journey;
    if (journey->call.is_over)
        return;
    if (error != NULL) {
        if (!begin_again(journey))
            finish(journey, STATUS_UPSTREAM_FAILED);
        return;
    }
    enum status status = judge_answer(&journey->outcome.head, socket->input);
    if (status != STATUS_STARTING)
        finish(journey, status);
}

static void on_request_written(h2o_socket_t *socket, const char *error)
{
    struct connection *connection = socket->data;
    /* Where writing failed, reading does too, and tells it. */
    connection->is_writing = error != NULL;
}

static void send_request(struct journey *journey)
{
    h2o_socket_t *socket = journey->connection->socket;
    h2o_iovec_t bytes = h2o_iovec_init(journey->request.ptr, journey->request.len);
    journey->has_connected = true;
    journey->connection->is_writing = true;
    h2o_socket_read_start(socket, on_answer_bytes);
    h2o_socket_write(socket, &bytes, 1, on_request_written);
}

static void on_connected(h2o_socket_t *socket, const char *error)
{
    struct journey *journey = ((struct connection *)socket->data)->journey;
    if (journey->call.is_over)
        return;
    loop_timer_stop(&journey->connecting);
    if (error != NULL)
        finish(journey, STATUS_NO_SERVER);
    else
        send_request(journey);
}

static void on_connecting_too_long(struct loop_timer *timer)
{
    finish(container_of(timer, struct journey, connecting), STATUS_NO_SERVER);
}

static void connect_anew(struct journey *journey)
{
    struct http_peer *peer = journey->peer;
    struct connection *connection = mem_new(1, sizeof(*connection));
    *connection = (struct connection){.peer = peer, .journey = journey};
    journey->connection = connection;
    journey->is_reused = false;
    loop_timer_start(peer->loop, &journey->connecting, journey->connect_ms);
    connection->socket = http_peer_connect(peer, on_connected);
    if (connection->socket == NULL)
        finish(journey, STATUS_NO_SERVER);
    else
        connection->socket->data = connection;
}

static void on_journey_deadline(struct call *call)
{
    struct journey *journey = container_of(call, struct journey, call);
    finish(journey, journey->has_connected ? STATUS_TIMEOUT : STATUS_NO_SERVER);
}

static void on_journey_left(struct call *call)
{
    finish(container_of(call, struct journey, call), STATUS_CANCELLED);
}

static void on_journey_end(struct call *call)
{
    struct journey *journey = container_of(call, struct journey, call);
    struct connection *connection = journey->connection;
    struct http_outcome *outcome = &journey->outcome;
    size_t used = 0;
    if (outcome->status == STATUS_OK) {
        h2o_buffer_t *input = connection->socket->input;
        used = outcome->head.head_bytes + (size_t)outcome->head.content_length;
        outcome->body = (struct str){input->bytes + outcome->head.head_bytes,
                                     (size_t)outcome->head.content_length};
    }
    journey->done(journey->arg, outcome);
    /* Bytes beyond the answer belong to no call: such a connection is not to be trusted. */
    bool is_clean = outcome->status == STATUS_OK && outcome->head.keeps_alive &&
                    !connection->is_writing && connection->socket->input->size == used;
    if (is_clean) {
        h2o_buffer_consume(&connection->socket->input, used);
        connection_keep(connection);
    } else {
        connection_close(connection);
    }
    buf_free(&journey->request);
    free(journey);
}

static void write_request(struct journey *journey, const struct http_call_options *options)
{
    struct buf *out = &journey->request;
    bool has_body = !str_equal(options->method, STR("GET"));
    buf_printf(out, STR_FMT " ", STR_ARG(options->method));
    buf_append_str(out, options->target);
    buf_printf(out, " HTTP/1.1\r\nHost: %s\r\n", journey->peer->name);
    if (has_body)
        buf_printf(out, "Content-Length: %zu\r\n", options->body.len);
    buf_append_str(out, options->headers);
    buf_append_text(out, "\r\n");
    /* A body without its length would be the start of the next request. */
    if (has_body)
        buf_append_str(out, options->body);
}

void http_call(struct http_peer *peer, const struct http_call_options *options, http_done_fn *done,
               void *arg)
{
    struct journey *journey = mem_new(1, sizeof(*journey));
    *journey = (struct journey){
        .peer = peer,
        .done = done,
        .arg = arg,
        .connect_ms = options->connect_ms,
        .may_repeat = str_equal(options->method, STR("GET")),
        .call = {.on_deadline = on_journey_deadline, .on_end = on_journey_end},
        .connecting = {.fired = on_connecting_too_long},
    };
    if (journey->may_repeat) /* whatever else is given up half way may have happened */
        journey->call.on_left = on_journey_left;
    write_request(journey, options);
    call_start(&journey->call, peer->loop, options->total_ms);
    journey->connection = connection_take_idle(peer);
    journey->is_reused = journey->connection != NULL;
    if (journey->is_reused) {
        journey->connection->journey = journey;
        send_request(journey);
    } else {
        connect_anew(journey);
    }
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
    loop_turn(peer->loop, 0);
    http_call(peer, options, on_awaited, &waiting);
    while (!waiting.is_done)
        loop_turn(peer->loop, TURN_MS);
}
