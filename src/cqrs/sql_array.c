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

void sql_array_bind(struct pg_values *values, const struct buf *items)
{
    struct buf array = {0};
    buf_append_char(&array, '{');
    buf_append_str(&array, buf_str(items));
    buf_append_char(&array, '}');
    pg_values_add_text(values, buf_str(&array));
    buf_free(&array);
}
