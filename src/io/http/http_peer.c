#include "io/http/http_peer.h"

#include <h2o.h>
#include <netdb.h>
#include <stdio.h>

#include "io/http/http_resolve.h"

enum {
    IDLE_MS = 60000, /* well below our server's own keep-alive: the server never hangs up first */
    SWEEP_MS = 10000,
    IDLE_MAX = 256,
    IDLE_INPUT_MAX = 65536, /* memory that an idle connection may keep */
    CALL_BYTES = 1280,      /* of a call with its request, mostly */
};

struct http_peer {
    struct loop *loop;
    char *name;
    struct sockaddr_storage address;
    socklen_t address_size;
    struct list idle; /* the one used last is the first */
    size_t idle_count;
    bool is_sweeping;
    struct loop_timer sweep;
    size_t calls; /* under way */
    struct shelf shelf;
    bool is_closed;
};

/* Opening */

struct http_peer *http_peer_open(struct loop *loop, struct str address, char *mistake,
                                 size_t mistake_size)
{
    const char *why;
    struct addrinfo *found = http_resolve_lookup(address, AI_NUMERICHOST, &why);
    if (found == NULL) {
        snprintf(mistake, mistake_size, "\"" STR_FMT "\" is no numeric address with a port: %s",
                 STR_ARG(address), why);
        return NULL;
    }
    struct http_peer *peer = mem_new(1, sizeof(*peer));
    peer->loop = loop;
    peer->name = mem_copy(address.ptr, address.len);
    memcpy(&peer->address, found->ai_addr, found->ai_addrlen);
    peer->address_size = found->ai_addrlen;
    peer->shelf.size = CALL_BYTES;
    list_init(&peer->idle);
    freeaddrinfo(found);
    return peer;
}

const char *http_peer_name(const struct http_peer *peer)
{
    return peer->name;
}

void http_peer_set_name(struct http_peer *peer, struct str name)
{
    free(peer->name);
    peer->name = mem_copy(name.ptr, name.len);
}

struct loop *http_peer_loop(const struct http_peer *peer)
{
    return peer->loop;
}

/* Closing */

static void close_idle(struct http_peer *peer)
{
    while (!list_is_empty(&peer->idle))
        http_peer_close_connection(container_of(peer->idle.next, struct http_connection, link));
}

static void free_if_unused(struct http_peer *peer)
{
    if (!peer->is_closed || peer->calls > 0)
        return;
    loop_timer_stop(&peer->sweep);
    shelf_fini(&peer->shelf);
    free(peer->name);
    free(peer);
}

void http_peer_close(struct http_peer **peer)
{
    struct http_peer *gone = *peer;
    *peer = NULL;
    gone->is_closed = true;
    close_idle(gone);
    free_if_unused(gone);
}

void http_peer_hold(struct http_peer *peer)
{
    peer->calls++;
}

void http_peer_release(struct http_peer *peer)
{
    peer->calls--;
    free_if_unused(peer);
}

struct shelf *http_peer_shelf(struct http_peer *peer)
{
    return &peer->shelf;
}

/* Connections */

h2o_socket_t *http_peer_connect(struct http_peer *peer, http_connected_fn *connected)
{
    return h2o_socket_connect(loop_native(peer->loop), (struct sockaddr *)&peer->address,
                              peer->address_size, connected);
}

struct http_connection *http_peer_new_connection(struct http_peer *peer, struct http_call *call,
                                                 http_connected_fn *connected)
{
    struct http_connection *connection = mem_new(1, sizeof(*connection));
    *connection = (struct http_connection){.peer = peer, .call = call};
    list_init(&connection->link);
    connection->socket = http_peer_connect(peer, connected);
    if (connection->socket != NULL)
        connection->socket->data = connection;
    return connection;
}

void http_peer_close_connection(struct http_connection *connection)
{
    if (connection == NULL)
        return;
    if (connection->call == NULL)
        connection->peer->idle_count--;
    list_remove(&connection->link);
    if (connection->socket != NULL)
        h2o_socket_close(connection->socket);
    free(connection);
}

/* While idle, anything that comes means that the server hung up or lost its mind. */
static void on_idle_readable(h2o_socket_t *socket, const char *error)
{
    (void)error;
    http_peer_close_connection(socket->data);
}

/* One timer for all of them: none is started and stopped with each call. */
static void on_sweep(struct loop_timer *timer)
{
    struct http_peer *peer = container_of(timer, struct http_peer, sweep);
    uint64_t now = h2o_now(loop_native(peer->loop));
    while (!list_is_empty(&peer->idle)) {
        struct http_connection *oldest =
            container_of(peer->idle.prev, struct http_connection, link);
        if (now - oldest->idle_since < IDLE_MS)
            break;
        http_peer_close_connection(oldest);
    }
    peer->is_sweeping = !list_is_empty(&peer->idle);
    if (peer->is_sweeping)
        loop_timer_start(peer->loop, &peer->sweep, SWEEP_MS);
}

static void free_input(h2o_socket_t *socket)
{
    if (socket->input->capacity <= IDLE_INPUT_MAX)
        return;
    h2o_buffer_dispose(&socket->input);
    h2o_buffer_init(&socket->input, &h2o_socket_buffer_prototype);
}

void http_peer_keep_connection(struct http_connection *connection)
{
    struct http_peer *peer = connection->peer;
    connection->call = NULL;
    connection->idle_since = h2o_now(loop_native(peer->loop));
    /* At the head: the one used last is the least likely to have died. */
    list_append(peer->idle.next, &connection->link);
    peer->idle_count++;
    free_input(connection->socket);
    h2o_socket_read_start(connection->socket, on_idle_readable);
    if (peer->is_closed)
        http_peer_close_connection(connection);
    else if (peer->idle_count > IDLE_MAX)
        http_peer_close_connection(container_of(peer->idle.prev, struct http_connection, link));
    if (peer->is_sweeping || peer->is_closed)
        return;
    peer->is_sweeping = true;
    peer->sweep.fired = on_sweep;
    loop_timer_start(peer->loop, &peer->sweep, SWEEP_MS);
}

struct http_connection *http_peer_take_connection(struct http_peer *peer, struct http_call *call)
{
    struct list *link = list_take_first(&peer->idle);
    if (link == NULL)
        return NULL;
    struct http_connection *connection = container_of(link, struct http_connection, link);
    peer->idle_count--;
    connection->call = call;
    h2o_socket_read_stop(connection->socket);
    return connection;
}
