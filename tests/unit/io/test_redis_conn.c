/* Commands as they go out, and replies as they come, with a server that the test plays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <arpa/inet.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "io/redis_conn.h"

enum { DEADLINE_MS = 5000, SOON_MS = 50, LARGE = 1 << 20 };

/* It takes one client, reads as many bytes as are expected of him, and answers; all at once. */
struct server {
    int listener;
    char url[96];
    struct str answer;
    char *heard;
    size_t expected, heard_len;
    pthread_t thread;
};

static void *serve(void *arg)
{
    struct server *server = arg;
    int fd = accept(server->listener, NULL, NULL);
    while (server->heard_len < server->expected) {
        ssize_t got =
            read(fd, server->heard + server->heard_len, server->expected - server->heard_len);
        if (got <= 0)
            break;
        server->heard_len += (size_t)got;
    }
    for (size_t at = 0; at < server->answer.len; at++) /* byte by byte: a reply comes in pieces */
        if (write(fd, server->answer.ptr + at, 1) != 1)
            break;
    shutdown(fd, SHUT_WR);
    close(fd);
    return NULL;
}

static void server_start(struct server *server, const char *before, size_t expected,
                         struct str answer)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    *server = (struct server){.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
                              .answer = answer,
                              .heard = malloc(expected + 1),
                              .expected = expected};
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server->listener, 1), 0);
    getsockname(server->listener, (struct sockaddr *)&address, &size);
    snprintf(server->url, sizeof(server->url), "redis://%s127.0.0.1:%d", before,
             ntohs(address.sin_port));
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

/* What it was told. */
static struct str server_join(struct server *server)
{
    pthread_join(server->thread, NULL);
    close(server->listener);
    return (struct str){server->heard, server->heard_len};
}

static struct redis_conn *open_to(const struct server *server)
{
    char mistake[200] = "";
    struct redis_conn *conn =
        redis_conn_open_within(server->url, DEADLINE_MS, mistake, sizeof(mistake));
    assert_string_equal(mistake, "");
    assert_non_null(conn);
    return conn;
}

static void assert_next(struct redis_conn *conn, enum redis_kind kind, struct str text)
{
    struct redis_reply *reply = redis_conn_next(conn, 0);
    assert_non_null(reply);
    assert_int_equal(redis_reply_kind(reply), kind);
    assert_true(str_equal(redis_reply_text(reply), text));
    redis_reply_free(&reply);
}

static void words_go_out_as_they_are_and_replies_come_in_their_order(void **state)
{
    const struct str told = STR("*3\r\n$3\r\nSET\r\n$5\r\nk\0\r\nl\r\n$0\r\n\r\n"
                                "*1\r\n$4\r\nPING\r\n");
    struct server server;
    (void)state;
    server_start(&server, "", told.len, STR("-ERR no\r\n$4\r\na\0\r\n\r\n"));
    struct redis_conn *conn = open_to(&server);
    redis_conn_queue(conn, (const struct str[]){STR("SET"), STR("k\0\r\nl"), STR("")}, 3);
    redis_conn_queue(conn, (const struct str[]){STR("PING")}, 1);
    assert_next(conn, REDIS_KIND_ERROR, STR("ERR no"));
    assert_next(conn, REDIS_KIND_TEXT, STR("a\0\r\n"));
    assert_true(str_equal(server_join(&server), told));
    assert_null(redis_conn_next(conn, 0)); /* he has hung up */
    assert_true(redis_conn_fault(conn)[0] != '\0');
    redis_conn_close(&conn);
    assert_null(conn);
    free(server.heard);
}

static void a_word_of_a_megabyte_goes_out_whole(void **state)
{
    static const char head[] = "*2\r\n$3\r\nSET\r\n$1048576\r\n";
    struct server server;
    (void)state;
    char *large = malloc(LARGE);
    memset(large, 'x', LARGE);
    server_start(&server, "", sizeof(head) - 1 + LARGE + 2, STR("+OK\r\n"));
    struct redis_conn *conn = open_to(&server);
    redis_conn_queue(conn, (const struct str[]){STR("SET"), {large, LARGE}}, 2);
    assert_next(conn, REDIS_KIND_TEXT, STR("OK"));
    struct str told = server_join(&server);
    assert_int_equal(told.len, server.expected);
    assert_memory_equal(told.ptr, head, sizeof(head) - 1);
    assert_memory_equal(told.ptr + sizeof(head) - 1, large, LARGE);
    redis_conn_close(&conn);
    free(server.heard);
    free(large);
}

static void it_logs_in_before_anything_else(void **state)
{
    const struct str told = STR("*3\r\n$4\r\nAUTH\r\n$3\r\nana\r\n$6\r\ns3cret\r\n");
    struct server server;
    (void)state;
    server_start(&server, "ana:s3cret@", told.len, STR("+OK\r\n"));
    struct redis_conn *conn = open_to(&server);
    assert_true(str_equal(server_join(&server), told));
    redis_conn_close(&conn);
    free(server.heard);
}

static void a_refusal_is_told_without_the_password(void **state)
{
    const struct str told = STR("*2\r\n$4\r\nAUTH\r\n$6\r\ns3cret\r\n");
    char mistake[200];
    struct server server;
    (void)state;
    server_start(&server, ":s3cret@", told.len, STR("-WRONGPASS no\r\n"));
    assert_null(redis_conn_open_within(server.url, DEADLINE_MS, mistake, sizeof(mistake)));
    assert_string_equal(mistake, "WRONGPASS no");
    assert_true(str_equal(server_join(&server), told));
    free(server.heard);
}

static void who_says_nothing_is_not_waited_for_longer_than_the_deadline(void **state)
{
    char mistake[200] = "";
    struct server server;
    (void)state;
    server_start(&server, "", 1024, STR(""));
    struct redis_conn *conn = redis_conn_open_within(server.url, SOON_MS, mistake, sizeof(mistake));
    assert_non_null(conn);
    assert_null(redis_conn_command(conn, (const struct str[]){STR("PING")}, 1));
    assert_true(redis_conn_fault(conn)[0] != '\0');
    redis_conn_close(&conn);
    server_join(&server);
    free(server.heard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_go_out_as_they_are_and_replies_come_in_their_order),
        cmocka_unit_test(a_word_of_a_megabyte_goes_out_whole),
        cmocka_unit_test(it_logs_in_before_anything_else),
        cmocka_unit_test(a_refusal_is_told_without_the_password),
        cmocka_unit_test(who_says_nothing_is_not_waited_for_longer_than_the_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
