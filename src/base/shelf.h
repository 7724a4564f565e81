/* Memory that is made and freed with every request, kept for the next one: what malloc has at hand
 * of a size is seven pieces, and a turn of a loop ends dozens of requests.
 *
 * For one thread. Of what is larger than a piece nothing is kept; under AddressSanitizer, which is
 * to see who uses what he has given back, nothing at all (SHELF_MOST, CMakeLists.txt). */
#ifndef BASE_SHELF_H
#define BASE_SHELF_H

#include "base/base.h"

struct shelf_piece {
    struct shelf_piece *next;
};

/* Lifetime: its owner's, in whose struct it is. Zeroed but for `size`. */
struct shelf {
    size_t size; /* of a piece */
    struct shelf_piece *first;
    int kept;
};

/* Not zeroed. */
static inline void *shelf_take(struct shelf *shelf, size_t size)
{
    struct shelf_piece *piece = shelf->first;
    if (size > shelf->size || piece == NULL)
        return mem_room(size > shelf->size ? size : shelf->size);
    shelf->first = piece->next;
    shelf->kept--;
    return piece;
}

/* What was taken with the same `size`. */
static inline void shelf_give(struct shelf *shelf, void *memory, size_t size)
{
    struct shelf_piece *piece = (struct shelf_piece *)memory;
    if (size > shelf->size || shelf->kept >= SHELF_MOST) {
        free(memory);
        return;
    }
    piece->next = shelf->first;
    shelf->first = piece;
    shelf->kept++;
}

static inline void shelf_fini(struct shelf *shelf)
{
    while (shelf->first != NULL)
        free(shelf_take(shelf, shelf->size));
}

#endif
