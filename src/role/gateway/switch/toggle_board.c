#include "role/gateway/switch/toggle_board.h"

#include "base/log.h"

struct news {
    struct list link;
    struct toggle_change change;
    enum toggle_origin origin;
};

void toggle_board_init(struct toggle_board *board, const struct model *model)
{
    toggle_book_init(&board->book, model);
    board->is_off = mem_new(board->book.switch_count, sizeof(*board->is_off));
    list_init(&board->news);
}

static void add_news(struct toggle_board *board, const struct toggle_change *change,
                     enum toggle_origin origin)
{
    struct news *news = mem_new(1, sizeof(*news));
    *news = (struct news){.change = *change, .origin = origin};
    list_append(&board->news, &news->link);
}

bool toggle_board_take(struct toggle_board *board, const struct toggle_change *change,
                       enum toggle_origin origin)
{
    struct toggle_book *book = &board->book;
    size_t known = book->history_count;
    bool is_head = toggle_book_take(book, change);
    if (origin != TOGGLE_DISK && (is_head || book->history_count > known))
        board->is_unsaved = true;
    if (!is_head)
        return false;
    atomic_store(&board->is_off[toggle_place(book->model, change->service, change->side)],
                 !change->is_on);
    if (origin != TOGGLE_DISK)
        add_news(board, change, origin);
    return true;
}

static const char *word_of(bool is_on)
{
    return is_on ? "enabled" : "disabled";
}

static void log_news(const struct news *news)
{
    const struct toggle_change *change = &news->change;
    log_info(news->origin == TOGGLE_HERE ? "gateway.toggle" : "gateway.toggle_followed",
             log_text("service", change->service->name), log_text("side", side_name(change->side)),
             log_text("from", word_of(change->was_on)), log_text("to", word_of(change->is_on)),
             log_number("version", change->version), log_text("by", change->by),
             log_text("why", change->why));
}

void toggle_news_tell(struct list *news, const struct toggle_watches *watches)
{
    for (struct list *link; (link = list_take_first(news)) != NULL;) {
        struct news *one = container_of(link, struct news, link);
        log_news(one);
        for (size_t i = 0; i < watches->count; i++)
            watches->items[i].told(watches->items[i].arg, &one->change);
        free(one);
    }
}
