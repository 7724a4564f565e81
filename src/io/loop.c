#include "io/loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <h2o.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#if !defined(H2O_USE_LIBUV) || H2O_USE_LIBUV
#error "libh2o-evloop needs H2O_USE_LIBUV=0: without it the structures differ silently"
#endif

/* h2o keeps one list of timers per duration and scans them all each turn: there is one for each
 * power of two, in milliseconds. */
enum { STEPS = 20 };

struct loop {
    h2o_evloop_t *native;
    h2o_timeout_t timeouts[STEPS];
    h2o_multithread_queue_t *queue;
    h2o_multithread_receiver_t posts;
    struct list deferred;
    struct asker *asker;
    _Atomic int64_t last_turn;
};

struct post {
    h2o_multithread_message_t message;
    void (*run)(void *arg);
    void *arg;
};

static void on_posts(h2o_multithread_receiver_t *receiver, h2o_linklist_t *messages)
{
    (void)receiver;
    while (!h2o_linklist_is_empty(messages)) {
        struct post *post = container_of(messages->next, struct post, message.link);
        h2o_linklist_unlink(&post->message.link);
        post->run(post->arg);
        free(post);
    }
}

void loop_post(struct loop *loop, void (*run)(void *arg), void *arg)
{
    struct post *post = mem_new(1, sizeof(*post));
    *post = (struct post){.run = run, .arg = arg};
    h2o_multithread_send_message(&loop->posts, &post->message);
}

/* What these defer anew is for the next turn. */
static void run_deferred(struct loop *loop)
{
    struct list todo;
    list_init(&todo);
    list_move_all(&todo, &loop->deferred);
    for (struct list *link; (link = list_take_first(&todo)) != NULL;) {
        struct loop_defer *defer = container_of(link, struct loop_defer, link);
        defer->is_pending = false;
        defer->run(defer);
    }
}

void loop_defer(struct loop *loop, struct loop_defer *defer)
{
    if (defer->is_pending)
        return;
    defer->is_pending = true;
    list_append(&loop->deferred, &defer->link);
}

void loop_defer_cancel(struct loop_defer *defer)
{
    if (!defer->is_pending)
        return;
    defer->is_pending = false;
    list_remove(&defer->link);
}

struct loop *loop_new(void)
{
    struct loop *loop = mem_new(1, sizeof(*loop));
    loop->native = h2o_evloop_create();
    for (unsigned step = 0; step < STEPS; step++)
        h2o_timeout_init(loop->native, &loop->timeouts[step], UINT64_C(1) << step);
    loop->queue = h2o_multithread_create_queue(loop->native);
    h2o_multithread_register_receiver(loop->queue, &loop->posts, on_posts);
    list_init(&loop->deferred);
    return loop;
}

void loop_turn(struct loop *loop, int32_t wait_ms)
{
    atomic_store_explicit(&loop->last_turn, clock_monotonic(), memory_order_relaxed);
    if (!list_is_empty(&loop->deferred))
        wait_ms = 0;
    /* -1 is EINTR: the next turn goes on. */
    h2o_evloop_run(loop->native, wait_ms);
    run_deferred(loop);
    /* Callbacks that became due while the deferred ran would otherwise wait for the next event. */
    h2o_timeout__do_post_callback(loop->native);
}

struct asker *loop_asker(const struct loop *loop)
{
    return loop->asker;
}

void loop_set_asker(struct loop *loop, struct asker *asker)
{
    loop->asker = asker;
}

void *loop_native(struct loop *loop)
{
    return loop->native;
}

msec_t loop_last_turn(const struct loop *loop)
{
    return atomic_load_explicit(&loop->last_turn, memory_order_relaxed);
}

static_assert(sizeof(((struct loop_timer *)NULL)->entry) == sizeof(h2o_timeout_entry_t),
              "loop.h keeps room for h2o's timer without knowing it");

static h2o_timeout_entry_t *entry_of(struct loop_timer *timer)
{
    return (h2o_timeout_entry_t *)(void *)&timer->entry;
}

static void on_timeout(h2o_timeout_entry_t *entry);

/* The longest step that is not too long. */
static void take_step(struct loop_timer *timer, uint64_t left)
{
    struct loop *loop = timer->loop;
    size_t step = 63 - (size_t)__builtin_clzll(left);
    entry_of(timer)->cb = on_timeout;
    h2o_timeout_link(loop->native, &loop->timeouts[step < STEPS ? step : STEPS - 1],
                     entry_of(timer));
}

static void on_timeout(h2o_timeout_entry_t *entry)
{
    struct loop_timer *timer = container_of(entry, struct loop_timer, entry);
    uint64_t now = h2o_now(timer->loop->native);
    if (now < timer->due)
        take_step(timer, timer->due - now);
    else
        timer->fired(timer);
}

void loop_timer_start(struct loop *loop, struct loop_timer *timer, msec_t wait)
{
    uint64_t left = wait < 1 ? 1 : (uint64_t)wait;
    loop_timer_stop(timer);
    timer->loop = loop;
    timer->due = h2o_now(loop->native) + left;
    take_step(timer, left);
}

void loop_timer_stop(struct loop_timer *timer)
{
    if (h2o_timeout_is_linked(entry_of(timer)))
        h2o_timeout_unlink(entry_of(timer));
}

struct loop_watch {
    h2o_socket_t *socket;
    loop_ready_fn *on_readable;
    loop_ready_fn *on_writable; /* NULL unless it was asked for and has not come */
    void *arg;
};

static void on_watch_readable(h2o_socket_t *socket, const char *error)
{
    struct loop_watch *watch = socket->data;
    /* An error is found by whoever reads the descriptor. */
    (void)error;
    watch->on_readable(watch->arg);
}

struct loop_watch *loop_watch_open(struct loop *loop, int fd, loop_ready_fn *on_readable, void *arg)
{
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (own < 0)
        return NULL;
    struct loop_watch *watch = mem_new(1, sizeof(*watch));
    watch->socket = h2o_evloop_socket_create(loop->native, own, H2O_SOCKET_FLAG_DONT_READ);
    watch->socket->data = watch;
    watch->on_readable = on_readable;
    watch->arg = arg;
    h2o_socket_read_start(watch->socket, on_watch_readable);
    return watch;
}

static void on_watch_writable(h2o_socket_t *socket, const char *error)
{
    struct loop_watch *watch = socket->data;
    loop_ready_fn *on_writable = watch->on_writable;
    (void)error;
    watch->on_writable = NULL;
    on_writable(watch->arg);
}

void loop_watch_writable(struct loop_watch *watch, loop_ready_fn *on_writable)
{
    if (watch->on_writable != NULL)
        return;
    watch->on_writable = on_writable;
    h2o_socket_notify_write(watch->socket, on_watch_writable);
}

void loop_watch_close(struct loop_watch **watch)
{
    struct loop_watch *gone = *watch;
    if (gone == NULL)
        return;
    h2o_socket_close(gone->socket);
    free(gone);
    *watch = NULL;
}

struct farewell {
    int fd;
    struct loop_watch *watch;
    struct loop_timer limit;
};

static void farewell_end(struct farewell *farewell)
{
    loop_timer_stop(&farewell->limit);
    loop_watch_close(&farewell->watch);
    close(farewell->fd);
    free(farewell);
}

static void on_linger_readable(void *arg)
{
    struct farewell *farewell = arg;
    char dropped[65536];
    ssize_t got = recv(farewell->fd, dropped, sizeof(dropped), MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        farewell_end(farewell);
}

static void on_linger_limit(struct loop_timer *timer)
{
    farewell_end(container_of(timer, struct farewell, limit));
}

void loop_linger(struct loop *loop, int fd)
{
    enum { LINGER_MS = 2000 };
    struct farewell *farewell = mem_new(1, sizeof(*farewell));
    shutdown(fd, SHUT_WR);
    farewell->fd = fd;
    farewell->limit.fired = on_linger_limit;
    farewell->watch = loop_watch_open(loop, fd, on_linger_readable, farewell);
    if (farewell->watch == NULL)
        farewell_end(farewell);
    else
        loop_timer_start(loop, &farewell->limit, LINGER_MS);
}

int loop_listen(const char *address, int port, enum loop_sharing sharing)
{
    struct sockaddr_storage place = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&place;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&place;
    socklen_t size = sizeof(*v4);
    enum { LISTEN_BACKLOG = 1024, UNANSWERED_MS = 30000 };
    int on = 1, is_shared = sharing == LOOP_SHARED, milliseconds = UNANSWERED_MS;
    if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
    } else if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)port);
        size = sizeof(*v6);
    } else {
        errno = EINVAL;
        return -1;
    }
    int fd = socket(place.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &is_shared, sizeof(is_shared));
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof(milliseconds));
    if (bind(fd, (struct sockaddr *)&place, size) == 0 && listen(fd, LISTEN_BACKLOG) == 0)
        return fd;
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}
