/* One thread's event loop: timers, descriptors, messages from other threads, and the end of a turn.
 *
 * A turn handles everything that became ready, then runs what was deferred: that is where a batch
 * is flushed once. Nothing here may be called from another thread but loop_post. */
#ifndef IO_LOOP_H
#define IO_LOOP_H

#include "base/base.h"
#include "base/list.h"

struct loop;

struct loop *loop_new(void);

/* One turn, waiting for at most `wait_ms` where nothing is ready. Loops are not freed: a process
 * ends with them. */
void loop_turn(struct loop *loop, int32_t wait_ms);

/* h2o's own loop, for io/http_*.c. */
void *loop_native(struct loop *loop);

/* When this loop last began a turn, for whoever watches over it; any thread may ask. */
msec_t loop_last_turn(const struct loop *loop);

/* For whom things are started now; NULL: for nobody (io/asker.h). */
struct asker;
struct asker *loop_asker(const struct loop *loop);
void loop_set_asker(struct loop *loop, struct asker *asker);

/* A timer: zeroed before its first start, owned by the caller, who stops it before freeing it.
 * Underneath it waits in steps of a power of two, since the loop looks at every distinct wait each
 * turn. */
struct loop_timer {
    void (*fired)(struct loop_timer *timer);
    struct loop *loop;
    uint64_t due; /* by h2o's clock */
    struct {
        uint64_t registered_at;
        void *callback;
        void *links[2];
    } entry; /* h2o's; see loop.c */
};
void loop_timer_start(struct loop *loop, struct loop_timer *timer, msec_t wait);
void loop_timer_stop(struct loop_timer *timer); /* harmless when not running */

/* Something to do at the end of this turn, once, however often it was asked for. */
struct loop_defer {
    void (*run)(struct loop_defer *defer);
    struct list link;
    bool is_pending;
};
void loop_defer(struct loop *loop, struct loop_defer *defer);
void loop_defer_cancel(struct loop_defer *defer);

/* A descriptor that somebody else reads and writes: called when it can be read. The watch has its
 * own duplicate, so it is closed before the descriptor's owner closes his. */
struct loop_watch;
typedef void loop_ready_fn(void *arg);
/* NULL when the process has no descriptor left. */
struct loop_watch *loop_watch_open(struct loop *loop, int fd, loop_ready_fn *on_readable,
                                   void *arg);
/* Once, when it can be written; nothing happens when that is already asked for. */
void loop_watch_writable(struct loop_watch *watch, loop_ready_fn *on_writable);
void loop_watch_close(struct loop_watch **watch);

/* A socket that listens on a numeric address of IPv4 or IPv6: alone, or beside others of this user
 * on the same port, among which the kernel deals the connections. -1 with errno. */
enum loop_sharing { LOOP_ALONE, LOOP_SHARED };
int loop_listen(const char *address, int port, enum loop_sharing sharing);

/* Takes a connected socket over and closes it gently: no more is written, what still comes is read
 * and dropped until the peer closes, for two seconds at most. Closing at once, with bytes unread,
 * would reset the connection and take the answer away that is on its way. */
void loop_linger(struct loop *loop, int fd);

/* Runs `run(arg)` in the loop's thread, soon. From any thread. */
void loop_post(struct loop *loop, void (*run)(void *arg), void *arg);

#endif
