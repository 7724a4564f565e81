/* Who waits for an answer, and may leave before it comes.
 *
 * While a handler runs, its asker is the loop's, and every call that is started (io/call.h) is for
 * him; so is what the end of such a call starts. When he leaves, calls that can be given up are. */
#ifndef IO_ASKER_H
#define IO_ASKER_H

#include "base/list.h"
#include "io/loop.h"

/* Lifetime: a request's. */
struct asker {
    struct loop *loop;
    struct list calls; /* for him */
};

static inline void asker_init(struct asker *asker, struct loop *loop)
{
    asker->loop = loop;
    list_init(&asker->calls);
}

/* Nothing is under way for him. */
static inline bool asker_is_free(const struct asker *asker)
{
    return list_is_empty(&asker->calls);
}

/* Tells the calls, once. */
void asker_leave(struct asker *asker);

/* He has his answer: what is still under way is nobody's. */
void asker_fini(struct asker *asker);

#endif
