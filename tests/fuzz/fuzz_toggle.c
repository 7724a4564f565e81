/* Any bytes as the lines of a gateway's file: taken or not, and what was taken reads back the same.
 */
#include "role/gateway/switch/toggle_book.h"

static char medical[] = "medical", shop[] = "shop";
static struct service services[] = {{.name = medical}, {.name = shop}};
static const struct model model = {services, 2};

static void take_lines(struct toggle_book *book, struct str text)
{
    while (text.len > 0) {
        struct toggle_change change;
        if (toggle_change_parse(&model, str_cut(&text, '\n'), &change))
            toggle_book_take(book, &change);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct toggle_book book, again;
    struct buf text = {0}, same = {0};
    toggle_book_init(&book, &model);
    toggle_book_init(&again, &model);
    take_lines(&book, (struct str){(const char *)data, size});
    toggle_book_write(&book, &text);
    take_lines(&again, buf_str(&text));
    toggle_book_write(&again, &same);
    assert(str_equal(buf_str(&text), buf_str(&same)));
    toggle_book_free(&book);
    toggle_book_free(&again);
    buf_free(&text);
    buf_free(&same);
    return 0;
}
