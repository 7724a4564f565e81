#include "cqrs/sql_array.h"

static void separate(struct buf *items)
{
    if (items->len > 0)
        buf_append_char(items, ',');
}

void sql_array_add(struct buf *items, struct str text)
{
    separate(items);
    if (text.ptr == NULL) {
        buf_append_text(items, "NULL");
        return;
    }
    buf_append_char(items, '"');
    size_t plain = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '"' && text.ptr[i] != '\\')
            continue;
        buf_append(items, text.ptr + plain, i - plain);
        buf_append_char(items, '\\');
        plain = i;
    }
    if (plain < text.len)
        buf_append(items, text.ptr + plain, text.len - plain);
    buf_append_char(items, '"');
}

void sql_array_add_number(struct buf *items, int64_t number)
{
    separate(items);
    buf_printf(items, "%lld", (long long)number);
}

void sql_array_add_bytes(struct buf *items, struct str bytes)
{
    static const char digits[] = "0123456789abcdef";
    separate(items);
    buf_append_text(items, "\"\\\\x");
    char *place = buf_reserve(items, 2 * bytes.len);
    for (size_t i = 0; i < bytes.len; i++) {
        *place++ = digits[(unsigned char)bytes.ptr[i] >> 4];
        *place++ = digits[(unsigned char)bytes.ptr[i] & 15];
    }
    items->len += 2 * bytes.len;
    buf_append_char(items, '"');
}

bool sql_bytes_parse(struct str text, struct buf *out)
{
    if (!str_starts_with(text, STR("\\x")) || text.len % 2 != 0)
        return false;
    buf_reset(out);
    char *bytes = buf_reserve(out, text.len / 2);
    for (size_t i = 2; i < text.len; i += 2) {
        int high = str_hex_digit(text.ptr[i]), low = str_hex_digit(text.ptr[i + 1]);
        if (high < 0 || low < 0)
            return false;
        *bytes++ = (char)(high << 4 | low);
    }
    out->len = text.len / 2 - 1;
    return true;
}

void sql_array_bind(struct pg_values *values, const struct buf *items)
{
    struct buf array = {0};
    buf_append_char(&array, '{');
    buf_append_str(&array, buf_str(items));
    buf_append_char(&array, '}');
    pg_values_add_text(values, buf_str(&array));
    buf_free(&array);
}
