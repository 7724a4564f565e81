/* A client that measures every request, at a fixed rate or as fast as answers come.
 *
 *   due → send on an idle connection (or wait for one) → whole answer, end or timeout → counted
 *                 ↑                                          │ --key, and no outcome yet
 *                 └──────────────────────────────────────────┘
 *
 * At a fixed rate the clock of a request starts when it is due, not when it could be sent: so what
 * a stall holds up is counted too. Prints one line of JSON; its times are those of CLOCK_MONOTONIC.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "tally.h"

enum {
    ANSWER_SIZE = 16384,
    REQUEST_SIZE = 2048,
    EVENTS = 256,
    SWEEP_US = 10000, /* how exact a timeout is */
    REPEAT_US = 50000,
    CONFLICT = 409, /* the first try is still under way */
};

struct connection {
    int fd; /* -1: not open */
    bool is_busy;
    int64_t due, repeat_at; /* repeat_at 0: an answer is awaited */
    long number;            /* of its request */
    int again;              /* requests that follow this one at once */
    size_t received;
    char answer[ANSWER_SIZE + 1];
};

/* Lifetime: the process's. */
struct run {
    struct wanted {
        int port, connections, seconds, timeout_ms, slow_ms, again, span;
        double rate;
        bool is_idle;
        const char *method, *path, *body, *acknowledged, *key;
    } wanted;
    struct connection *all;
    int *idle; /* a stack of places in it */
    int idle_count, busy_count;
    int epoll, timer;
    int64_t start, now;
    long begun, numbered; /* requests of the rate; with those that follow them */
    FILE *acknowledged;
    struct tally *tally;
};

static int64_t clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * (int64_t)SECOND_US + now.tv_nsec / 1000;
}

/* A connection's way */

static void close_connection(struct connection *connection)
{
    close(connection->fd);
    connection->fd = -1;
}

static void follow(struct run *run, struct connection *connection);

/* Nobody knows yet what became of it. */
static bool is_open(int status)
{
    return status == STATUS_BROKEN || status == CONFLICT || status >= 500;
}

static void end(struct run *run, struct connection *connection, int status)
{
    if (run->wanted.key != NULL && is_open(status)) {
        connection->repeat_at = run->now + REPEAT_US;
        return;
    }
    tally_add(run->tally, connection->due, run->now - connection->due, status);
    if (run->acknowledged != NULL && tally_is_good(status))
        fprintf(run->acknowledged, "%ld %lld %lld\n", connection->number,
                (long long)connection->due, (long long)run->now);
    connection->is_busy = false;
    run->busy_count--;
    if (connection->again > 0)
        follow(run, connection);
    else if (!run->wanted.is_idle)
        run->idle[run->idle_count++] = (int)(connection - run->all);
}

static bool open_connection(struct run *run, struct connection *connection)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)run->wanted.port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event told = {.events = EPOLLIN, .data.ptr = connection};
    struct linger at_once = {.l_onoff = 1}; /* no TIME_WAIT: there are only so many ports */
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    /* Blocking: on loopback the kernel accepts at once, also for a server that does not. */
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
        close(fd);
        return false;
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    connection->fd = fd;
    epoll_ctl(run->epoll, EPOLL_CTL_ADD, fd, &told);
    return true;
}

/* The text with the number in place of its `#`. */
static void fill(char *out, size_t size, const char *text, const char *number)
{
    const char *mark = strchrnul(text, '#');
    snprintf(out, size, "%.*s%s%s", (int)(mark - text), text, *mark == '#' ? number : "",
             *mark == '#' ? mark + 1 : "");
}

static size_t write_request(const struct run *run, char *out, long number)
{
    const struct wanted *wanted = &run->wanted;
    char text[32], path[REQUEST_SIZE / 4], body[REQUEST_SIZE / 2];
    snprintf(text, sizeof(text), "%ld", number);
    fill(body, sizeof(body), wanted->body, text);
    int digits = snprintf(text, sizeof(text), "%d", wanted->span - 1);
    snprintf(text, sizeof(text), "%0*ld", digits, number % wanted->span);
    fill(path, sizeof(path), wanted->path, text);
    int length =
        snprintf(out, REQUEST_SIZE, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n", wanted->method, path);
    if (wanted->key != NULL)
        length += snprintf(out + length, REQUEST_SIZE - (size_t)length,
                           "Idempotency-Key: %s-%ld\r\n", wanted->key, number);
    if (body[0] != '\0')
        length +=
            snprintf(out + length, REQUEST_SIZE - (size_t)length,
                     "Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen(body));
    length += snprintf(out + length, REQUEST_SIZE - (size_t)length, "\r\n%s", body);
    return (size_t)length;
}

static void send_request(struct run *run, struct connection *connection)
{
    char request[REQUEST_SIZE];
    size_t length = write_request(run, request, connection->number);
    connection->received = 0;
    connection->repeat_at = 0;
    if ((connection->fd < 0 && !open_connection(run, connection)) ||
        write(connection->fd, request, length) != (ssize_t)length) {
        if (connection->fd >= 0)
            close_connection(connection);
        end(run, connection, STATUS_BROKEN);
    }
}

static void begin(struct run *run, struct connection *connection, int64_t due)
{
    connection->due = due;
    connection->number = run->numbered++;
    connection->is_busy = true;
    run->busy_count++;
    send_request(run, connection);
}

/* The last of a user's requests ends his connection: the next user has his own. */
static void follow(struct run *run, struct connection *connection)
{
    connection->again--;
    begin(run, connection, run->now);
}

static void ask(struct run *run, int64_t due)
{
    struct connection *connection = &run->all[run->idle[--run->idle_count]];
    if (run->wanted.again > 0 && connection->fd >= 0)
        close_connection(connection);
    connection->again = run->wanted.again;
    run->begun++;
    begin(run, connection, due);
}

/* The status of a whole answer; 0: there is more to come. */
static int whole_answer(struct connection *connection, bool *is_last)
{
    connection->answer[connection->received] = '\0';
    const char *head_end = strstr(connection->answer, "\r\n\r\n");
    if (head_end == NULL)
        return 0;
    const char *length = strcasestr(connection->answer, "\r\ncontent-length:");
    const char *closes = strcasestr(connection->answer, "\r\nconnection: close");
    size_t whole = (size_t)(head_end + 4 - connection->answer);
    if (length != NULL && length < head_end)
        whole += strtoul(length + 17, NULL, 10);
    *is_last = closes != NULL && closes < head_end;
    return connection->received < whole ? 0 : atoi(connection->answer + 9);
}

static void on_readable(struct run *run, struct connection *connection)
{
    bool is_last = false;
    ssize_t got = read(connection->fd, connection->answer + connection->received,
                       ANSWER_SIZE - connection->received);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0) { /* also an answer that is too long */
        close_connection(connection);
        if (connection->is_busy)
            end(run, connection, STATUS_BROKEN);
        return;
    }
    connection->received += (size_t)got;
    int status = connection->is_busy ? whole_answer(connection, &is_last) : 0;
    if (status == 0)
        return;
    if (is_last)
        close_connection(connection);
    end(run, connection, status >= 200 && status < STATUSES ? status : STATUS_BROKEN);
}

static void sweep(struct run *run)
{
    for (int i = 0; i < run->wanted.connections; i++) {
        struct connection *connection = &run->all[i];
        if (connection->is_busy && run->now > connection->due + run->wanted.timeout_ms * 1000LL) {
            if (connection->fd >= 0)
                close_connection(connection);
            end(run, connection, STATUS_TIMEOUT);
        } else if (connection->is_busy && connection->repeat_at > 0 &&
                   run->now >= connection->repeat_at)
            send_request(run, connection);
    }
}

/* The run */

static int64_t next_due(struct run *run)
{
    if (run->wanted.is_idle)
        return run->begun < run->wanted.connections ? run->now : INT64_MAX;
    if (run->wanted.rate <= 0)
        return run->now;
    return run->start + (int64_t)((double)run->begun * SECOND_US / run->wanted.rate);
}

static void send_what_is_due(struct run *run, int64_t until)
{
    for (int64_t due = next_due(run); due <= run->now && due < until; due = next_due(run)) {
        if (run->idle_count == 0 || (run->wanted.is_idle && run->busy_count > 0))
            return;
        ask(run, due);
    }
}

/* Until something comes, the next request is due, or timeouts are to be looked for. */
static void await(struct run *run, int64_t until)
{
    struct epoll_event events[EVENTS];
    int64_t due = run->idle_count > 0 && run->now < until ? next_due(run) : INT64_MAX;
    int64_t wake = due < run->now + SWEEP_US ? due : run->now + SWEEP_US;
    struct itimerspec at = {.it_value = {wake / SECOND_US, wake % SECOND_US * 1000}};
    timerfd_settime(run->timer, TFD_TIMER_ABSTIME, &at, NULL);
    int count = epoll_wait(run->epoll, events, EVENTS, -1);
    run->now = clock_us();
    for (int i = 0; i < count; i++)
        if (events[i].data.ptr != NULL)
            on_readable(run, events[i].data.ptr);
}

static void measure(struct run *run)
{
    int64_t until =
        run->wanted.is_idle ? INT64_MAX : run->start + run->wanted.seconds * (int64_t)SECOND_US;
    int64_t sweep_at = 0;
    do {
        send_what_is_due(run, until);
        await(run, until);
        if (run->now >= sweep_at) {
            sweep(run);
            sweep_at = run->now + SWEEP_US;
        }
    } while (run->busy_count > 0 || next_due(run) < until);
}

static void read_options(struct wanted *wanted, int count, char **options)
{
    static const struct option known[] = {
        {"port", 1, 0, 'p'},    {"connections", 1, 0, 'c'},  {"rate", 1, 0, 'r'},
        {"seconds", 1, 0, 's'}, {"timeout-ms", 1, 0, 't'},   {"slow-ms", 1, 0, 'l'},
        {"method", 1, 0, 'm'},  {"path", 1, 0, 'u'},         {"body", 1, 0, 'b'},
        {"idle", 0, 0, 'i'},    {"acknowledged", 1, 0, 'a'}, {"key", 1, 0, 'k'},
        {"again", 1, 0, 'g'},   {"span", 1, 0, 'n'},         {0}};
    int *const numbers[] = {
        ['p'] = &wanted->port,       ['c'] = &wanted->connections, ['s'] = &wanted->seconds,
        ['t'] = &wanted->timeout_ms, ['l'] = &wanted->slow_ms,     ['g'] = &wanted->again,
        ['n'] = &wanted->span};
    const char **const texts[] = {['m'] = &wanted->method,
                                  ['u'] = &wanted->path,
                                  ['b'] = &wanted->body,
                                  ['a'] = &wanted->acknowledged,
                                  ['k'] = &wanted->key};
    for (int c; (c = getopt_long(count, options, "", known, NULL)) > 0 && c != '?';) {
        if (c == 'i')
            wanted->is_idle = true;
        else if (c == 'r')
            wanted->rate = atof(optarg);
        else if (strchr("mubak", c) != NULL)
            *texts[c] = optarg;
        else
            *numbers[c] = atoi(optarg);
    }
}

static void prepare(struct run *run)
{
    struct epoll_event told = {.events = EPOLLIN | EPOLLET};
    run->all = calloc((size_t)run->wanted.connections, sizeof(*run->all));
    run->idle = calloc((size_t)run->wanted.connections, sizeof(*run->idle));
    for (int i = run->wanted.connections - 1; i >= 0; i--) {
        run->all[i].fd = -1;
        run->idle[run->idle_count++] = i;
    }
    run->epoll = epoll_create1(0);
    run->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    epoll_ctl(run->epoll, EPOLL_CTL_ADD, run->timer, &told);
    if (run->wanted.acknowledged != NULL)
        run->acknowledged = fopen(run->wanted.acknowledged, "w");
    run->start = run->now = clock_us();
    run->tally = tally_new(run->start, run->wanted.seconds, run->wanted.slow_ms);
}

/* A `#` of the body is the request's number; of the path, the number within --span, with as many
 * digits as the largest.
 *
 *   --rate R      so many requests a second, else as fast as they can on --connections
 *   --again N     each of those is followed by N, one after another, on a connection of their own
 *   --key TEXT    each carries TEXT-<number> as its key, and is repeated until it has an outcome
 *   --idle        a request on every connection, then they stay until standard input ends
 *   --acknowledged FILE   number, due and answered of each that succeeded, in µs */
int main(int count, char **options)
{
    struct run run = {.wanted = {.connections = 64,
                                 .seconds = 1,
                                 .timeout_ms = 10000,
                                 .slow_ms = 15,
                                 .span = 1,
                                 .method = "GET",
                                 .path = "/",
                                 .body = ""}};
    read_options(&run.wanted, count, options);
    prepare(&run);
    measure(&run);
    fflush(NULL); /* whoever reads the tally reads what was acknowledged next */
    tally_show(run.tally, run.now);
    while (run.wanted.is_idle && getchar() != EOF)
        ;
    return 0;
}
