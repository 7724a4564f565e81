/* A server behind that can be told how to behave: one loop, small answers, nothing else.
 *
 *   GET /-/set/<ok|slow|hang|fail|reset>/<ms>/<prefix>   for the paths that begin so; slow: by ms
 *   GET /-/attempts                                      how many requests came, but these and
 * checks GET /ping                                            a check: always 200
 *
 * The last rule that fits a path counts. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { INPUT_SIZE = 8192, FDS = 20000, EVENTS = 256, RULES = 16, TICK_MS = 2 };

enum mode { MODE_OK, MODE_SLOW, MODE_HANG, MODE_FAIL, MODE_RESET, MODE_COUNT };

static const char *const mode_names[MODE_COUNT] = {"ok", "slow", "hang", "fail", "reset"};

#define FOUND_BODY                                                                                 \
    "{\"id\":\"01920000-0000-7000-8000-000000000001\",\"version\":1,\"title\":\"Consulta\","       \
    "\"content\":\"Desde ayer, sin fiebre; se recomienda reposo y una nueva consulta.\"}"

struct connection {
    bool is_open;
    int64_t answer_at; /* 0: nothing waits */
    bool is_write;
    size_t received;
    char *input;
};

/* Lifetime: the process's. */
struct backend {
    struct {
        enum mode mode;
        int ms;
        char prefix[128];
    } rules[RULES];
    int rule_count, waiting, epoll;
    long attempts;
    struct connection connections[FDS]; /* by descriptor */
};

static int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void hang_up(struct backend *backend, int fd, bool is_reset)
{
    struct linger at_once = {.l_onoff = is_reset};
    struct connection *connection = &backend->connections[fd];
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    backend->waiting -= connection->answer_at > 0;
    free(connection->input);
    *connection = (struct connection){0};
    close(fd);
}

static void answer(struct backend *backend, int fd, const char *status, const char *body)
{
    char out[1024];
    int length = snprintf(out, sizeof(out),
                          "HTTP/1.1 %s\r\nContent-Type: application/json\r\nETag: \"1\"\r\n"
                          "Content-Length: %zu\r\n\r\n%s",
                          status, strlen(body), body);
    if (write(fd, out, (size_t)length) != length)
        hang_up(backend, fd, true);
}

static void answer_well(struct backend *backend, int fd, bool is_write)
{
    answer(backend, fd, is_write ? "201 Created" : "200 OK", FOUND_BODY);
}

/* What is told through /-/ */

static void set_rule(struct backend *backend, char *text)
{
    char *save = NULL;
    const char *mode = strtok_r(text, "/", &save), *ms = strtok_r(NULL, "/", &save);
    for (int i = 0; mode != NULL && ms != NULL && i < MODE_COUNT; i++)
        if (strcmp(mode, mode_names[i]) == 0 && backend->rule_count < RULES) {
            backend->rules[backend->rule_count].mode = i;
            backend->rules[backend->rule_count].ms = atoi(ms);
            snprintf(backend->rules[backend->rule_count].prefix, sizeof(backend->rules->prefix),
                     "/%s", save);
            backend->rule_count++;
        }
}

static void be_told(struct backend *backend, int fd, char *path)
{
    char body[64];
    if (strncmp(path, "/-/set/", 7) == 0)
        set_rule(backend, path + 7);
    snprintf(body, sizeof(body), "{\"attempts\":%ld,\"rules\":%d}", backend->attempts,
             backend->rule_count);
    answer(backend, fd, "200 OK", body);
}

static void serve(struct backend *backend, int fd, char *path, bool is_write)
{
    enum mode mode = MODE_OK;
    int ms = 0;
    for (int i = 0; i < backend->rule_count; i++)
        if (strncmp(path, backend->rules[i].prefix, strlen(backend->rules[i].prefix)) == 0) {
            mode = backend->rules[i].mode;
            ms = backend->rules[i].ms;
        }
    backend->attempts++;
    if (mode == MODE_OK)
        answer_well(backend, fd, is_write);
    else if (mode == MODE_FAIL)
        answer(backend, fd, "503 Service Unavailable", "{\"reason\":\"database_unavailable\"}");
    else if (mode == MODE_RESET)
        hang_up(backend, fd, true);
    else if (mode == MODE_SLOW) {
        backend->connections[fd].answer_at = clock_ms() + ms;
        backend->connections[fd].is_write = is_write;
        backend->waiting++;
    }
}

/* Takes the first request of the input, when it is whole. */
static bool take_request(struct backend *backend, int fd)
{
    struct connection *connection = &backend->connections[fd];
    connection->input[connection->received] = '\0';
    char *end = strstr(connection->input, "\r\n\r\n"), *save = NULL;
    if (end == NULL || connection->answer_at > 0)
        return false;
    const char *length = strcasestr(connection->input, "\r\ncontent-length:");
    size_t whole = (size_t)(end + 4 - connection->input);
    if (length != NULL && length < end)
        whole += strtoul(length + 17, NULL, 10);
    if (connection->received < whole)
        return false;
    *end = '\0';
    bool is_write = strncmp(connection->input, "GET ", 4) != 0;
    strtok_r(connection->input, " ", &save);
    char path[512];
    snprintf(path, sizeof(path), "%s", strtok_r(NULL, " ", &save));
    memmove(connection->input, connection->input + whole, connection->received -= whole);
    if (strcmp(path, "/ping") == 0 || strcmp(path, "/readyz") == 0)
        answer(backend, fd, "200 OK", "{}");
    else if (strncmp(path, "/-/", 3) == 0)
        be_told(backend, fd, path);
    else
        serve(backend, fd, path, is_write);
    return true;
}

static void on_readable(struct backend *backend, int fd)
{
    struct connection *connection = &backend->connections[fd];
    ssize_t got =
        read(fd, connection->input + connection->received, INPUT_SIZE - connection->received);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0) {
        hang_up(backend, fd, false);
        return;
    }
    connection->received += (size_t)got;
    while (connection->is_open && take_request(backend, fd))
        ;
}

static void on_client(struct backend *backend, int listener)
{
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        struct epoll_event told = {.events = EPOLLIN, .data.fd = fd};
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        backend->connections[fd] =
            (struct connection){.is_open = true, .input = malloc(INPUT_SIZE + 1)};
        epoll_ctl(backend->epoll, EPOLL_CTL_ADD, fd, &told);
    }
}

static void answer_the_slow(struct backend *backend)
{
    int64_t now = clock_ms();
    for (int fd = 0; fd < FDS && backend->waiting > 0; fd++)
        if (backend->connections[fd].answer_at > 0 && backend->connections[fd].answer_at <= now) {
            backend->connections[fd].answer_at = 0;
            backend->waiting--;
            answer_well(backend, fd, backend->connections[fd].is_write);
            while (backend->connections[fd].is_open && take_request(backend, fd))
                ;
        }
}

static int listen_on(struct backend *backend, int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct epoll_event told = {.events = EPOLLIN, .data.fd = fd};
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, 4096) != 0) {
        perror("listen");
        exit(1);
    }
    epoll_ctl(backend->epoll, EPOLL_CTL_ADD, fd, &told);
    return fd;
}

int main(int count, char **words)
{
    struct epoll_event events[EVENTS];
    struct backend *backend = calloc(1, sizeof(*backend));
    if (count != 2)
        return 64;
    backend->epoll = epoll_create1(0);
    int listener = listen_on(backend, atoi(words[1]));
    for (;;) {
        int told = epoll_wait(backend->epoll, events, EVENTS, backend->waiting > 0 ? TICK_MS : -1);
        for (int i = 0; i < told; i++)
            if (events[i].data.fd == listener)
                on_client(backend, listener);
            else
                on_readable(backend, events[i].data.fd);
        answer_the_slow(backend);
    }
}
