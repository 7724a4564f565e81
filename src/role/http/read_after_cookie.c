#include "role/http/read_after_cookie.h"

static const char cookie_name[] = "mamparo-read-after";

enum { COOKIE_SECONDS = 60 };

void read_after_cookie_find(const struct service *service, struct str cookies,
                            struct read_after *out)
{
    out->count = 0;
    while (cookies.len > 0) {
        struct str value = str_trim(str_cut(&cookies, ';'));
        if (!str_equal(str_cut(&value, '='), str_from(cookie_name)))
            continue;
        /* A cookie's value may hold no comma. */
        if (!read_after_split(service, value, '&', out))
            out->count = 0;
        return;
    }
}

static bool has_record(const struct read_after *after, const struct read_token *token)
{
    for (size_t i = 0; i < after->count; i++)
        if (after->tokens[i].collection == token->collection &&
            memcmp(&after->tokens[i].id, &token->id, sizeof(token->id)) == 0)
            return true;
    return false;
}

static void keep(struct read_after *kept, const struct read_after *more)
{
    for (size_t i = 0; i < more->count && kept->count < READ_AFTER_KEPT; i++)
        if (!has_record(kept, &more->tokens[i]))
            kept->tokens[kept->count++] = more->tokens[i];
}

void read_after_cookie_renew(struct read_after *after, const struct read_after *newer)
{
    struct read_after kept = {0};
    keep(&kept, newer);
    keep(&kept, after);
    *after = kept;
}

void read_after_cookie_write(const struct read_after *after, const struct service *service,
                             struct buf *out)
{
    buf_printf(out, "%s=", cookie_name);
    read_after_join(after, "&", out);
    buf_printf(out, "; Path=/v1/%s; Max-Age=%d; HttpOnly; SameSite=Lax", service->name,
               COOKIE_SECONDS);
}

static void find(const struct http_request *request, const struct service *service,
                 struct read_after *out)
{
    read_after_cookie_find(service, http_request_header(request, STR("cookie")), out);
}

void read_after_cookie_take(const struct http_request *request, const struct service *service,
                            struct buf *out)
{
    struct read_after after;
    find(request, service, &after);
    read_after_join(&after, ", ", out);
}

void read_after_cookie_set(struct http_request *request, const struct service *service,
                           struct str value)
{
    struct read_after after, newer;
    struct buf cookie = {0};
    if (request->is_gone || !read_after_split(service, value, ',', &newer))
        return;
    find(request, service, &after);
    read_after_cookie_renew(&after, &newer);
    read_after_cookie_write(&after, service, &cookie);
    http_answer_with(request, "set-cookie", buf_str(&cookie));
    buf_free(&cookie);
}
