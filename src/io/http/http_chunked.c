#include "io/http/http_chunked.h"

static void take_digit(struct http_chunked *chunked, char c)
{
    int digit = str_hex_digit(c);
    bool is_first = chunked->state == CHUNKED_SIZE;
    if (digit < 0 && c == '\r' && !is_first) {
        chunked->state = CHUNKED_SIZE_LF;
    } else if (digit < 0 || chunked->left > UINT32_MAX) {
        chunked->state = CHUNKED_BROKEN;
    } else {
        chunked->left = chunked->left << 4 | (uint64_t)digit;
        chunked->state = CHUNKED_DIGITS;
    }
}

/* One byte that is no data. */
static void take_byte(struct http_chunked *chunked, char c)
{
    static const struct {
        char expected;
        int next;
    } steps[] = {
        [CHUNKED_DATA_CR] = {'\r', CHUNKED_DATA_LF},
        [CHUNKED_DATA_LF] = {'\n', CHUNKED_SIZE},
        [CHUNKED_LAST_CR] = {'\r', CHUNKED_LAST_LF},
        [CHUNKED_LAST_LF] = {'\n', CHUNKED_DONE},
    };
    if (chunked->state == CHUNKED_SIZE || chunked->state == CHUNKED_DIGITS)
        take_digit(chunked, c);
    else if (chunked->state == CHUNKED_SIZE_LF && c == '\n')
        chunked->state = chunked->left > 0 ? CHUNKED_DATA : CHUNKED_LAST_CR;
    else if (chunked->state == CHUNKED_SIZE_LF || c != steps[chunked->state].expected)
        chunked->state = CHUNKED_BROKEN;
    else
        chunked->state = steps[chunked->state].next;
}

struct str http_chunked_next(struct http_chunked *chunked, struct str *rest)
{
    struct str data = {NULL, 0};
    while (rest->len > 0 && chunked->state < CHUNKED_DONE && chunked->state != CHUNKED_DATA) {
        take_byte(chunked, *rest->ptr++);
        rest->len--;
    }
    if (rest->len > 0 && chunked->state == CHUNKED_DATA) {
        size_t len = rest->len < chunked->left ? rest->len : (size_t)chunked->left;
        data = (struct str){rest->ptr, len};
        rest->ptr += len;
        rest->len -= len;
        chunked->left -= len;
        chunked->state = chunked->left > 0 ? CHUNKED_DATA : CHUNKED_DATA_CR;
    }
    return data;
}
