/* io/loop.h with nothing behind it: loop_turn runs what was deferred, and that is all that ever
 * happens. */
#include "io/loop.h"

struct loop {
    struct list deferred;
    struct asker *asker;
};

struct loop *loop_new(void)
{
    struct loop *loop = mem_new(1, sizeof(*loop));
    list_init(&loop->deferred);
    return loop;
}

/* What these defer anew is for the next turn. */
void loop_turn(struct loop *loop, int32_t wait_ms)
{
    struct list todo;
    (void)wait_ms;
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
