/* io/loop.h with nothing behind it: loop_turn runs what was posted and then what was deferred, and
 * that is all that ever happens. A timer fires when a test calls it. */
#include "io/loop.h"

struct loop {
    struct list posted, deferred;
    struct asker *asker;
};

struct post {
    struct list link;
    void (*run)(void *arg);
    void *arg;
};

struct loop *loop_new(void)
{
    struct loop *loop = mem_new(1, sizeof(*loop));
    list_init(&loop->posted);
    list_init(&loop->deferred);
    return loop;
}

void loop_post(struct loop *loop, void (*run)(void *arg), void *arg)
{
    struct post *post = mem_new(1, sizeof(*post));
    *post = (struct post){.run = run, .arg = arg};
    list_append(&loop->posted, &post->link);
}

static void run_posted(struct loop *loop)
{
    for (struct list *link; (link = list_take_first(&loop->posted)) != NULL;) {
        struct post *post = container_of(link, struct post, link);
        post->run(post->arg);
        free(post);
    }
}

void loop_timer_start(struct loop *loop, struct loop_timer *timer, msec_t wait)
{
    (void)loop;
    (void)timer;
    (void)wait;
}

void loop_timer_stop(struct loop_timer *timer)
{
    (void)timer;
}

/* What these defer anew is for the next turn. */
void loop_turn(struct loop *loop, int32_t wait_ms)
{
    struct list todo;
    (void)wait_ms;
    run_posted(loop);
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
    if (!defer->is_pending)
        list_append(&loop->deferred, &defer->link);
    defer->is_pending = true;
}

void loop_defer_cancel(struct loop_defer *defer)
{
    if (defer->is_pending)
        list_remove(&defer->link);
    defer->is_pending = false;
}

struct asker *loop_asker(const struct loop *loop)
{
    return loop->asker;
}

void loop_set_asker(struct loop *loop, struct asker *asker)
{
    loop->asker = asker;
}
