/* The switches as they stand in this process: an atomic for each, which requests load, kept in step
 * with the book, and the news of it, which are told outside the lock.
 *
 * All but toggle_board_is_on is for one thread at a time. */
#ifndef ROLE_GATEWAY_SWITCH_TOGGLE_BOARD_H
#define ROLE_GATEWAY_SWITCH_TOGGLE_BOARD_H

#include <stdatomic.h>

#include "base/list.h"
#include "role/gateway/switch/toggle_book.h"

struct toggle_board {
    struct toggle_book book;
    atomic_bool *is_off; /* by toggle_place */
    struct list news;
    bool is_unsaved; /* the book has what the file has not */
};

void toggle_board_init(struct toggle_board *board, const struct model *model);

static inline bool toggle_board_is_on(const struct toggle_board *board,
                                      const struct service *service, enum side side)
{
    size_t place = toggle_place(board->book.model, service, side);
    return !atomic_load_explicit(&board->is_off[place], memory_order_relaxed);
}

/* Where a change was made; kept on disk, it is no news. */
enum toggle_origin { TOGGLE_HERE, TOGGLE_ELSEWHERE, TOGGLE_DISK };

/* True when its switch stands otherwise now, or for another reason. */
bool toggle_board_take(struct toggle_board *board, const struct toggle_change *change,
                       enum toggle_origin origin);

/* Who is told of each change that a switch obeys from now on. */
typedef void toggle_watch_fn(void *arg, const struct toggle_change *change);
struct toggle_watches {
    struct {
        toggle_watch_fn *told;
        void *arg;
    } items[4];
    size_t count;
};

/* Logs and tells what was taken off a board's news. */
void toggle_news_tell(struct list *news, const struct toggle_watches *watches);

#endif
