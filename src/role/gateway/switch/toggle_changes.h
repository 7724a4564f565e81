/* A growing run of changes, which it owns, and what can be told of two of them. */
#ifndef ROLE_GATEWAY_SWITCH_TOGGLE_CHANGES_H
#define ROLE_GATEWAY_SWITCH_TOGGLE_CHANGES_H

#include "role/gateway/switch/toggle_book.h"

struct toggle_changes {
    struct toggle_change *items;
    size_t count, capacity;
};

void toggle_changes_add(struct toggle_changes *changes, const struct toggle_change *change);
void toggle_changes_reset(struct toggle_changes *changes); /* empty, keeping the memory */
void toggle_changes_free(struct toggle_changes *changes);

/* Adds a book's history. */
void toggle_changes_add_history(struct toggle_changes *changes, const struct toggle_book *book);

/* Adds those of `count` heads that `theirs` lack: changed here, and there not so high. */
void toggle_changes_add_lacking(struct toggle_changes *changes, const struct toggle_change *heads,
                                size_t count, const struct toggle_changes *theirs);

#endif
