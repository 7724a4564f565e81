/* The completion law, written once: an operation ends exactly once, never from inside the call
 * that started it, and its memory may go as soon as its end was told.
 *
 *   call_start → … → call_end(status) → (end of the turn) → on_end
 *            ├─ deadline → on_deadline → call_end(TIMEOUT)
 *            └─ the asker left → on_left → call_end(CANCELLED) */
#ifndef IO_CALL_H
#define IO_CALL_H

#include "base/status.h"
#include "io/asker.h"

/* Lifetime: an operation's; embedded in whatever struct the operation is. */
struct call {
    struct loop *loop;
    enum status status; /* as given to call_end */
    bool is_over;
    void (*on_deadline)(struct call *call); /* must lead to call_end */
    void (*on_left)(struct call *call);     /* may; NULL: it is done all the same */
    void (*on_end)(struct call *call);
    struct loop_timer deadline;
    struct loop_defer end;
    struct asker *asker; /* NULL: nobody, or nobody any more */
    struct list asked;
};

static inline void call_on_timer(struct loop_timer *timer)
{
    struct call *call = container_of(timer, struct call, deadline);
    call->on_deadline(call);
}

static inline void call_on_turn_over(struct loop_defer *defer)
{
    struct call *call = container_of(defer, struct call, end);
    struct loop *loop = call->loop;
    list_remove(&call->asked);
    loop_set_asker(loop, call->asker);
    call->on_end(call);
    loop_set_asker(loop, NULL);
}

static inline void call_start(struct call *call, struct loop *loop, msec_t deadline)
{
    call->loop = loop;
    call->is_over = false;
    call->deadline.fired = call_on_timer;
    call->end.run = call_on_turn_over;
    call->asker = loop_asker(loop);
    list_init(&call->asked);
    if (call->asker != NULL)
        list_append(&call->asker->calls, &call->asked);
    loop_timer_start(loop, &call->deadline, deadline);
}

/* Once. */
static inline void call_end(struct call *call, enum status status)
{
    assert(!call->is_over);
    call->is_over = true;
    call->status = status;
    loop_timer_stop(&call->deadline);
    loop_defer(call->loop, &call->end);
}

#endif
