#include "cqrs/replication/position.h"

/* Backwards from `end`; where it begins. */
static char *write_part(uint64_t part, char *end)
{
    do {
        *--end = (char)('0' + part % 10);
        part /= 10;
    } while (part > 0);
    return end;
}

void position_format(struct position position, char out[POSITION_TEXT_SIZE])
{
    char text[POSITION_TEXT_SIZE], *end = text + sizeof(text) - 1, *at = end;
    *end = '\0';
    at = write_part(position.index, at);
    *--at = '-';
    at = write_part(position.commit, at);
    memcpy(out, at, (size_t)(end - at) + 1);
}

static bool parse_part(struct str text, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c < '0' || c > '9' || __builtin_mul_overflow(*out, 10, out) ||
            __builtin_add_overflow(*out, (uint64_t)(c - '0'), out))
            return false;
    }
    return text.len > 0;
}

bool position_parse(struct str text, struct position *out)
{
    struct str index = text;
    struct str commit = str_cut(&index, '-');
    return parse_part(commit, &out->commit) && parse_part(index, &out->index);
}

int position_compare(struct position a, struct position b)
{
    if (a.commit != b.commit)
        return a.commit < b.commit ? -1 : 1;
    return a.index == b.index ? 0 : (a.index < b.index ? -1 : 1);
}

struct position position_later(struct position a, struct position b)
{
    return position_compare(a, b) < 0 ? b : a;
}
