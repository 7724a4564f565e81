/* The changes that one gateway knows: the highest of each switch, and the last thousand of all.
 * Taking one twice, or in another order, makes no difference. Pure; not for two threads at once. */
#ifndef ROLE_GATEWAY_SWITCH_TOGGLE_BOOK_H
#define ROLE_GATEWAY_SWITCH_TOGGLE_BOOK_H

#include "role/gateway/switch/toggle_change.h"

enum { TOGGLE_HISTORY_MAX = 1000 };

struct toggle_book {
    const struct model *model;
    struct toggle_change *heads; /* by toggle_place */
    size_t switch_count;
    struct toggle_change *history[TOGGLE_HISTORY_MAX]; /* the oldest first */
    size_t history_count;
};

void toggle_book_init(struct toggle_book *book, const struct model *model);
void toggle_book_free(struct toggle_book *book);

/* A switch's index, from 0 to switch_count. */
size_t toggle_place(const struct model *model, const struct service *service, enum side side);

/* True when its switch stands otherwise now, or for another reason. */
bool toggle_book_take(struct toggle_book *book, const struct toggle_change *change);

/* All of it, a line each, for a file. */
void toggle_book_write(const struct toggle_book *book, struct buf *out);

#endif
