/* Calls to a server that the test itself plays, a turn of the loop at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <arpa/inet.h>
#include <cmocka.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "io/http/http_resolve.h"
#include "io/http/http_source.h"

/* Loops are not freed, so one does for all tests. */
static struct loop *loop;

static int make_loop(void **state)
{
    (void)state;
    loop = loop_new();
    return 0;
}

enum { PATIENCE_TURNS = 500, TURN_MS = 10, BUFFER = 64 };

struct server {
    int listener, fd; /* fd: the connection at hand */
    char place[32];
    char request[4096];
};

struct told {
    unsigned times;
    enum status status;
    char body[4096];
    char etag[32];
    int64_t length;
    bool has_rest, reads_rest;
    unsigned ends;
    enum status end;
    struct http_call *call; /* under way */
    struct told *rival;     /* whose call is cancelled then */
};

static struct server server_open(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    struct server server = {.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .fd = -1};
    assert_int_equal(bind(server.listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server.listener, 8), 0);
    getsockname(server.listener, (struct sockaddr *)&address, &size);
    snprintf(server.place, sizeof(server.place), "127.0.0.1:%d", ntohs(address.sin_port));
    return server;
}

static void server_close(struct server *server)
{
    close(server->listener);
    if (server->fd >= 0)
        close(server->fd);
}

static struct http_peer *peer_of(const struct server *server)
{
    char mistake[256];
    struct http_peer *peer =
        http_peer_open(loop, str_from(server->place), mistake, sizeof(mistake));
    assert_non_null(peer);
    return peer;
}

static bool is_readable(int fd)
{
    struct pollfd wanted = {.fd = fd, .events = POLLIN};
    for (int i = 0; i < PATIENCE_TURNS && poll(&wanted, 1, 0) == 0; i++)
        loop_turn(loop, TURN_MS);
    return poll(&wanted, 1, 0) == 1;
}

/* Takes the next request, on a new connection where there is none. */
static const char *take_request(struct server *server)
{
    if (server->fd < 0) {
        assert_true(is_readable(server->listener));
        server->fd = accept(server->listener, NULL, NULL);
    }
    assert_true(is_readable(server->fd));
    ssize_t got = recv(server->fd, server->request, sizeof(server->request) - 1, 0);
    assert_true(got > 0);
    server->request[got] = '\0';
    return server->request;
}

static void say(const struct server *server, const char *text)
{
    assert_int_equal(send(server->fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* The client has closed the connection at hand. */
static bool is_hung_up(struct server *server)
{
    char byte;
    return is_readable(server->fd) && recv(server->fd, &byte, 1, MSG_DONTWAIT) <= 0;
}

static void on_rest_bytes(void *arg, struct str bytes)
{
    struct told *told = arg;
    strncat(told->body, bytes.ptr, bytes.len);
}

static void on_rest_end(void *arg, enum status status)
{
    struct told *told = arg;
    told->ends++;
    told->end = status;
}

static void on_done(void *arg, const struct http_outcome *outcome)
{
    static const struct http_source_events events = {.on_bytes = on_rest_bytes,
                                                     .on_end = on_rest_end};
    struct told *told = arg;
    told->times++;
    told->status = outcome->status;
    told->length = outcome->head.content_length;
    told->has_rest = outcome->rest != NULL;
    if (outcome->status == STATUS_OK) {
        snprintf(told->body, sizeof(told->body), STR_FMT, STR_ARG(outcome->body));
        snprintf(told->etag, sizeof(told->etag), STR_FMT, STR_ARG(outcome->head.etag));
    }
    if (told->has_rest && told->reads_rest)
        http_source_read(outcome->rest, 2000, &events, told);
    told->call = NULL;
    if (told->rival != NULL && told->rival->call != NULL)
        http_call_cancel(told->rival->call);
}

static struct http_call *ask(struct http_peer *peer, struct told *told)
{
    *told = (struct told){.reads_rest = told->reads_rest};
    told->call = http_call(peer,
                           &(struct http_call_options){.method = STR("GET"),
                                                       .target = STR("/x"),
                                                       .connect_ms = 2000,
                                                       .total_ms = 5000,
                                                       .buffer_max = BUFFER},
                           on_done, told);
    return told->call;
}

static void await(const unsigned *times)
{
    for (int i = 0; i < PATIENCE_TURNS && *times == 0; i++)
        loop_turn(loop, TURN_MS);
    assert_int_equal(*times, 1);
}

static void a_peer_is_a_numeric_address(void **state)
{
    static const struct {
        const char *place;
        bool is_one;
    } table[] = {{"127.0.0.1:80", true},
                 {"[::1]:80", true},
                 {"localhost:80", false},
                 {"127.0.0.1", false},
                 {"127.0.0.1:", false},
                 {"127.0.0.1:http", false},
                 {"[::1]", false},
                 {"", false},
                 {":80", false},
                 {"127.0.0.1:0", false},
                 {"127.0.0.1:65536", false},
                 {"127.0.0.1:-1", false}};
    (void)state;
    for (size_t i = 0; i < countof(table); i++) {
        char mistake[256] = "";
        struct http_peer *peer =
            http_peer_open(loop, str_from(table[i].place), mistake, sizeof(mistake));
        assert_int_equal(peer != NULL, table[i].is_one);
        assert_int_equal(mistake[0] == '\0', table[i].is_one);
        if (peer != NULL) {
            assert_string_equal(http_peer_name(peer), table[i].place);
            http_peer_close(&peer);
        }
    }
}

static void a_name_has_addresses_of_one_family_each_once(void **state)
{
    struct http_places places;
    char mistake[256];
    (void)state;
    assert_true(http_resolve(STR("127.0.0.1:80"), &places, mistake, sizeof(mistake)));
    assert_int_equal(places.count, 1);
    assert_string_equal(places.names[0], "127.0.0.1:80");
    assert_true(http_resolve(STR("[::1]:80"), &places, mistake, sizeof(mistake)));
    assert_string_equal(places.names[0], "[::1]:80");
    assert_true(http_resolve(STR("localhost:80"), &places, mistake, sizeof(mistake)));
    for (size_t i = 1; i < places.count; i++) {
        assert_int_equal(places.names[i][0] == '[', places.names[0][0] == '[');
        assert_string_not_equal(places.names[i], places.names[i - 1]);
    }
    assert_false(http_resolve(STR("localhost"), &places, mistake, sizeof(mistake)));
    assert_non_null(strstr(mistake, "there is no port"));
    assert_false(http_resolve(STR("no.such.host.invalid:80"), &places, mistake, sizeof(mistake)));
}

static void the_host_header_is_the_peers_name_unless_a_call_has_another(void **state)
{
    static const char *const hosts[] = {"", "medical.example"};
    struct server server = server_open();
    struct http_peer *peer = peer_of(&server);
    struct told told = {0};
    (void)state;
    http_peer_set_name(peer, STR("read-1:8000"));
    for (size_t i = 0; i < countof(hosts); i++) {
        char line[64];
        told = (struct told){0};
        http_call(peer,
                  &(struct http_call_options){.method = STR("GET"),
                                              .target = STR("/"),
                                              .host = str_from(hosts[i]),
                                              .connect_ms = 2000,
                                              .total_ms = 2000},
                  on_done, &told);
        snprintf(line, sizeof(line), "\r\nHost: %s\r\n", i == 0 ? "read-1:8000" : hosts[i]);
        assert_non_null(strstr(take_request(&server), line));
        say(&server, "HTTP/1.1 304 Not Modified\r\n\r\n");
        await(&told.times);
    }
    http_peer_close(&peer);
    server_close(&server);
}

static void a_kept_connection_is_used_again(void **state)
{
    struct server server = server_open();
    struct http_peer *peer = peer_of(&server);
    struct told told = {0};
    (void)state;
    for (int i = 0; i < 3; i++) {
        ask(peer, &told);
        take_request(&server);
        say(&server, "HTTP/1.1 200 OK\r\nETag: \"1\"\r\nContent-Length: 2\r\n\r\n");
        say(&server, "ab");
        await(&told.times);
        assert_int_equal(told.status, STATUS_OK);
        assert_string_equal(told.body, "ab");
        assert_string_equal(told.etag, "\"1\"");
    }
    http_peer_close(&peer);
    assert_true(is_hung_up(&server));
    server_close(&server);
}

static void a_stale_connection_is_replaced_once(void **state)
{
    struct server server = server_open();
    struct http_peer *peer = peer_of(&server);
    struct told told = {0};
    (void)state;
    ask(peer, &told);
    take_request(&server);
    say(&server, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    await(&told.times);
    ask(peer, &told);
    take_request(&server);
    close(server.fd);
    server.fd = -1;
    take_request(&server);
    say(&server, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
    await(&told.times);
    assert_string_equal(told.body, "x");
    http_peer_close(&peer);
    server_close(&server);
}

static void a_cancelled_call_is_told_later_and_hangs_up(void **state)
{
    struct server server = server_open();
    struct http_peer *peer = peer_of(&server);
    struct told told = {0};
    (void)state;
    struct http_call *call = ask(peer, &told);
    take_request(&server);
    http_call_cancel(call);
    http_call_cancel(call);
    assert_int_equal(told.times, 0);
    await(&told.times);
    assert_int_equal(told.status, STATUS_CANCELLED);
    assert_true(is_hung_up(&server));
    http_peer_close(&peer);
    server_close(&server);
}

static void a_call_is_cancelled_before_it_is_connected(void **state)
{
    struct server server = server_open();
    struct http_peer *peer = peer_of(&server);
    struct told told = {0};
    (void)state;
    http_call_cancel(ask(peer, &told));
    http_peer_close(&peer);
    await(&told.times);
    assert_int_equal(told.status, STATUS_CANCELLED);
    server_close(&server);
}

static void an_answer_on_its_way_outlives_a_cancellation(void **state)
{
    struct server first = server_open(), second = server_open();
    struct http_peer *peers[] = {peer_of(&first), peer_of(&second)};
    struct told winner = {0}, other = {0};
    (void)state;
    ask(peers[0], &winner);
    ask(peers[1], &other);
    take_request(&first);
    take_request(&second);
    winner.rival = &other;
    other.rival = &winner;
    say(&first, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    say(&second, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    await(&winner.times);
    await(&other.times);
    assert_true(winner.status == STATUS_OK || other.status == STATUS_OK);
    assert_true(winner.status == STATUS_OK || winner.status == STATUS_CANCELLED);
    assert_true(other.status == STATUS_OK || other.status == STATUS_CANCELLED);
    http_peer_close(&peers[0]);
    http_peer_close(&peers[1]);
    server_close(&first);
    server_close(&second);
}

static void a_closed_peer_lets_its_last_call_end(void **state)
{
    struct server server = server_open();
    struct http_peer *peer = peer_of(&server);
    struct told told = {0};
    (void)state;
    ask(peer, &told);
    take_request(&server);
    http_peer_close(&peer);
    assert_null(peer);
    say(&server, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
    await(&told.times);
    assert_string_equal(told.body, "x");
    assert_true(is_hung_up(&server));
    server_close(&server);
}

static void chunks_are_joined_wherever_they_are_cut(void **state)
{
    static const char answer[] =
        "HTTP/1.1 200 OK\r\nETag: \"7\"\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5\r\nmedic\r\n3\r\nal!\r\n0\r\n\r\n";
    struct server server = server_open();
    struct http_peer *peer = peer_of(&server);
    struct told told = {0};
    (void)state;
    for (size_t cut = 1; cut < sizeof(answer) - 1; cut++) {
        ask(peer, &told);
        take_request(&server);
        assert_int_equal(send(server.fd, answer, cut, MSG_NOSIGNAL), cut);
        loop_turn(loop, TURN_MS);
        say(&server, answer + cut);
        await(&told.times);
        assert_int_equal(told.status, STATUS_OK);
        assert_int_equal(told.length, 8);
        assert_string_equal(told.body, "medical!");
        assert_string_equal(told.etag, "\"7\"");
    }
    http_peer_close(&peer);
    server_close(&server);
}

static void what_cannot_be_framed_is_no_answer(void **state)
{
    static const char *const table[] = {
        "HTTP/1.1 200 OK\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "SSH-2.0-x\r\n\r\n",
    };
    struct server server = server_open();
    struct http_peer *peer = peer_of(&server);
    struct told told = {0};
    (void)state;
    for (size_t i = 0; i < countof(table); i++) {
        ask(peer, &told);
        take_request(&server);
        say(&server, table[i]);
        await(&told.times);
        assert_int_equal(told.status, STATUS_UPSTREAM_FAILED);
        close(server.fd);
        server.fd = -1;
    }
    http_peer_close(&peer);
    server_close(&server);
}

/* Of BUFFER + 16 bytes, of which some come before the head is judged. */
static void answer_large(struct server *server, bool is_chunked)
{
    say(server, is_chunked ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                           : "HTTP/1.1 200 OK\r\nContent-Length: 80\r\n\r\n");
    for (int i = 0; i < 5; i++) {
        say(server, is_chunked ? "10\r\n0123456789abcdef\r\n" : "0123456789abcdef");
        loop_turn(loop, TURN_MS);
    }
    if (is_chunked)
        say(server, "0\r\n\r\n");
}

static void a_large_answer_is_read_from_its_rest(void **state)
{
    struct server server = server_open();
    struct http_peer *peer = peer_of(&server);
    struct told told = {.reads_rest = true};
    (void)state;
    for (int is_chunked = 0; is_chunked < 2; is_chunked++) {
        ask(peer, &told);
        take_request(&server);
        answer_large(&server, is_chunked);
        await(&told.times);
        await(&told.ends);
        assert_true(told.has_rest);
        assert_int_equal(told.end, STATUS_OK);
        assert_int_equal(told.length, is_chunked ? -1 : 80);
        assert_int_equal(strlen(told.body), 80);
        for (int i = 0; i < 5; i++)
            assert_memory_equal(told.body + 16 * i, "0123456789abcdef", 16);
        assert_true(is_hung_up(&server));
        close(server.fd);
        server.fd = -1;
    }
    http_peer_close(&peer);
    server_close(&server);
}

static void a_rest_that_nobody_reads_is_closed(void **state)
{
    struct server server = server_open();
    struct http_peer *peer = peer_of(&server);
    struct told told = {0};
    (void)state;
    ask(peer, &told);
    take_request(&server);
    say(&server, "HTTP/1.1 200 OK\r\nContent-Length: 80\r\n\r\n");
    await(&told.times);
    assert_true(told.has_rest);
    assert_true(is_hung_up(&server));
    http_peer_close(&peer);
    server_close(&server);
}

static void a_rest_that_breaks_off_says_so(void **state)
{
    struct server server = server_open();
    struct http_peer *peer = peer_of(&server);
    struct told told = {.reads_rest = true};
    (void)state;
    ask(peer, &told);
    take_request(&server);
    say(&server, "HTTP/1.1 200 OK\r\nContent-Length: 80\r\n\r\n0123456789");
    await(&told.times);
    close(server.fd);
    server.fd = -1;
    await(&told.ends);
    assert_int_equal(told.end, STATUS_UPSTREAM_FAILED);
    assert_string_equal(told.body, "0123456789");
    http_peer_close(&peer);
    server_close(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_peer_is_a_numeric_address),
        cmocka_unit_test(a_name_has_addresses_of_one_family_each_once),
        cmocka_unit_test(the_host_header_is_the_peers_name_unless_a_call_has_another),
        cmocka_unit_test(a_kept_connection_is_used_again),
        cmocka_unit_test(a_stale_connection_is_replaced_once),
        cmocka_unit_test(a_cancelled_call_is_told_later_and_hangs_up),
        cmocka_unit_test(a_call_is_cancelled_before_it_is_connected),
        cmocka_unit_test(an_answer_on_its_way_outlives_a_cancellation),
        cmocka_unit_test(a_closed_peer_lets_its_last_call_end),
        cmocka_unit_test(chunks_are_joined_wherever_they_are_cut),
        cmocka_unit_test(what_cannot_be_framed_is_no_answer),
        cmocka_unit_test(a_large_answer_is_read_from_its_rest),
        cmocka_unit_test(a_rest_that_nobody_reads_is_closed),
        cmocka_unit_test(a_rest_that_breaks_off_says_so),
    };
    return cmocka_run_group_tests(tests, make_loop, NULL);
}
