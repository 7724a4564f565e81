#include "io/asker.h"

#include "io/call.h"

static struct call *take_call(struct list *calls)
{
    struct list *link = list_take_first(calls);
    struct call *call = link == NULL ? NULL : container_of(link, struct call, asked);
    if (call != NULL)
        call->asker = NULL;
    return call;
}

void asker_leave(struct asker *asker)
{
    struct list calls;
    list_init(&calls);
    list_move_all(&calls, &asker->calls);
    for (struct call *call; (call = take_call(&calls)) != NULL;)
        if (!call->is_over && call->on_left != NULL)
            call->on_left(call);
}

void asker_fini(struct asker *asker)
{
    while (take_call(&asker->calls) != NULL) {
    }
    if (loop_asker(asker->loop) == asker)
        loop_set_asker(asker->loop, NULL);
}
