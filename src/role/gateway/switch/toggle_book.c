#include "role/gateway/switch/toggle_book.h"

void toggle_book_init(struct toggle_book *book, const struct model *model)
{
    *book = (struct toggle_book){.model = model, .switch_count = model->service_count * SIDE_COUNT};
    book->heads = mem_new(book->switch_count, sizeof(*book->heads));
    for (size_t i = 0; i < book->switch_count; i++)
        book->heads[i] =
            toggle_change_none(&model->services[i / SIDE_COUNT], (enum side)(i % SIDE_COUNT));
}

void toggle_book_free(struct toggle_book *book)
{
    for (size_t i = 0; i < book->history_count; i++)
        free(book->history[i]);
    free(book->heads);
    *book = (struct toggle_book){0};
}

size_t toggle_place(const struct model *model, const struct service *service, enum side side)
{
    return (size_t)(service - model->services) * SIDE_COUNT + side;
}

/* By time; what happened at once, in any order that is always the same. */
static int compare_in_time(const struct model *model, const struct toggle_change *a,
                           const struct toggle_change *b)
{
    size_t of_a = toggle_place(model, a->service, a->side);
    size_t of_b = toggle_place(model, b->service, b->side);
    if (a->at != b->at)
        return a->at > b->at ? 1 : -1;
    return of_a != of_b ? (of_a > of_b ? 1 : -1) : toggle_change_compare(a, b);
}

static void remember(struct toggle_book *book, const struct toggle_change *change)
{
    size_t place = book->history_count;
    int order = 1;
    while (place > 0 &&
           (order = compare_in_time(book->model, change, book->history[place - 1])) < 0)
        place--;
    bool is_full = book->history_count == TOGGLE_HISTORY_MAX;
    if (order == 0 || (is_full && place == 0))
        return;
    struct toggle_change *kept = mem_new(1, sizeof(*kept));
    *kept = *change;
    struct toggle_change **from = book->history;
    if (is_full) {
        free(from[0]);
        memmove(from, from + 1, --place * sizeof(struct toggle_change *));
    } else {
        memmove(from + place + 1, from + place,
                (book->history_count++ - place) * sizeof(struct toggle_change *));
    }
    from[place] = kept;
}

bool toggle_book_take(struct toggle_book *book, const struct toggle_change *change)
{
    struct toggle_change *head =
        &book->heads[toggle_place(book->model, change->service, change->side)];
    remember(book, change);
    if (toggle_change_compare(change, head) <= 0)
        return false;
    *head = *change;
    return true;
}

static void write_line(const struct toggle_change *change, struct buf *out)
{
    toggle_change_write(change, out);
    buf_append_char(out, '\n');
}

/* The heads stand in the history too, unless they are old: twice is no harm. */
void toggle_book_write(const struct toggle_book *book, struct buf *out)
{
    for (size_t i = 0; i < book->switch_count; i++)
        if (book->heads[i].version > 0)
            write_line(&book->heads[i], out);
    for (size_t i = 0; i < book->history_count; i++)
        write_line(book->history[i], out);
}
