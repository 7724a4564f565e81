#include "role/gateway/switch/toggle_changes.h"

void toggle_changes_add(struct toggle_changes *changes, const struct toggle_change *change)
{
    if (changes->count == changes->capacity) {
        changes->capacity = changes->capacity == 0 ? 16 : changes->capacity * 2;
        changes->items = realloc(changes->items, changes->capacity * sizeof(*changes->items));
        if (changes->items == NULL)
            abort();
    }
    changes->items[changes->count++] = *change;
}

void toggle_changes_reset(struct toggle_changes *changes)
{
    changes->count = 0;
}

void toggle_changes_free(struct toggle_changes *changes)
{
    free(changes->items);
    *changes = (struct toggle_changes){0};
}

void toggle_changes_add_history(struct toggle_changes *changes, const struct toggle_book *book)
{
    for (size_t i = 0; i < book->history_count; i++)
        toggle_changes_add(changes, book->history[i]);
}

/* They have it, or a higher one. */
static bool have(const struct toggle_changes *theirs, const struct toggle_change *head)
{
    for (size_t i = 0; i < theirs->count; i++) {
        const struct toggle_change *other = &theirs->items[i];
        if (other->service == head->service && other->side == head->side &&
            toggle_change_compare(other, head) >= 0)
            return true;
    }
    return false;
}

void toggle_changes_add_lacking(struct toggle_changes *changes, const struct toggle_change *heads,
                                size_t count, const struct toggle_changes *theirs)
{
    for (size_t i = 0; i < count; i++)
        if (heads[i].version > 0 && !have(theirs, &heads[i]))
            toggle_changes_add(changes, &heads[i]);
}
