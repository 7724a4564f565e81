#include "role/http/list/list_link.h"

#include <ctype.h>

#include "cqrs/query/query.h"

/* RFC 3986's unreserved characters, and a comma for readers. */
static void escape(struct str text, struct buf *out)
{
    static const char plain[] = "-._~,";
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < 0x80 && (isalnum(c) || memchr(plain, c, sizeof(plain) - 1) != NULL))
            buf_append_char(out, (char)c);
        else
            buf_printf(out, "%%%02X", c);
    }
}

static bool says_page(struct str name)
{
    return str_equal(name, STR("page")) || str_equal(name, STR("cursor"));
}

static void write_parameter(struct str name, struct str value, struct buf *out)
{
    struct buf decoded = {0};
    bool is_readable = query_decode(name, &decoded);
    size_t name_len = decoded.len;
    is_readable = is_readable && query_decode(value, &decoded);
    assert(is_readable); /* query_parse took it */
    if (!says_page((struct str){decoded.ptr, name_len})) {
        escape((struct str){decoded.ptr, name_len}, out);
        buf_append_char(out, '=');
        escape((struct str){decoded.ptr + name_len, decoded.len - name_len}, out);
        buf_append_char(out, '&');
    }
    buf_free(&decoded);
}

void list_link_write_address(const struct http_request *request, struct buf *out)
{
    struct str rest = request->query;
    buf_append_str(out, request->path);
    buf_append_char(out, '?');
    while (rest.len > 0) {
        struct str value = str_cut(&rest, '&');
        struct str name = str_cut(&value, '=');
        if (name.len > 0)
            write_parameter(name, value, out);
    }
}

static void write_link(struct str target, const char *relation, struct buf *out)
{
    buf_printf(out, "%s<" STR_FMT ">; rel=\"%s\"", out->len == 0 ? "" : ", ", STR_ARG(target),
               relation);
}

void list_link_write_page(struct str address, int64_t page, const char *relation, struct buf *out)
{
    struct buf target = {0};
    buf_append_str(&target, address);
    buf_printf(&target, "page=%lld", (long long)page);
    write_link(buf_str(&target), relation, out);
    buf_free(&target);
}

void list_link_write_cursor(struct str address, struct str cursor, struct buf *out)
{
    struct buf target = {0};
    buf_append_str(&target, address);
    buf_append_text(&target, "cursor=");
    buf_append_str(&target, cursor);
    write_link(buf_str(&target), "next", out);
    buf_free(&target);
}
