#include "role/http/read_after.h"

/* Reading */

static const struct collection *find_collection(const struct service *service, struct str name)
{
    for (size_t i = 0; i < service->collection_count; i++)
        if (str_equal(str_from(service->collections[i]->name), name))
            return service->collections[i];
    return NULL;
}

/* "3", and no other way of writing it. */
static bool parse_version(struct str text, int64_t *out)
{
    return text.len > 0 && text.ptr[0] != '0' && str_to_int64(text, out) && *out > 0;
}

/* "entries/018f3e7c-0000-7000-8000-00000000000a@3" */
static bool parse_token(const struct service *service, struct str text, struct read_token *out)
{
    struct str id = text;
    out->collection = find_collection(service, str_cut(&id, '/'));
    struct str version = id;
    return out->collection != NULL && uuid_parse(str_cut(&version, '@'), &out->id) &&
           parse_version(version, &out->version);
}

bool read_after_split(const struct service *service, struct str text, char separator,
                      struct read_after *out)
{
    out->count = 0;
    while (text.ptr != NULL)
        if (out->count == READ_AFTER_MAX ||
            !parse_token(service, str_trim(str_cut(&text, separator)), &out->tokens[out->count++]))
            return false;
    return out->count > 0;
}

bool read_after_parse(const struct service *service, struct str value, struct read_after *out,
                      struct problem *problem)
{
    struct buf names = {0};
    if (read_after_split(service, value, ',', out))
        return true;
    for (size_t i = 0; i < service->collection_count; i++)
        buf_printf(&names, "%s%s", i == 0 ? "" : ", ", service->collections[i]->name);
    problem_set(problem, STATUS_BAD_REQUEST,
                "Read-After must be 1 to %d of <collection>/<id>@<version>, separated by commas; "
                "the collections of %s are: %s",
                READ_AFTER_MAX, service->name, names.len == 0 ? "none" : names.ptr);
    buf_free(&names);
    return false;
}

/* Writing */

void read_after_join(const struct read_after *after, const char *separator, struct buf *out)
{
    for (size_t i = 0; i < after->count; i++) {
        const struct read_token *token = &after->tokens[i];
        char id[UUID_TEXT_SIZE];
        uuid_format(&token->id, id);
        buf_append_text(out, i == 0 ? "" : separator);
        buf_append_text(out, token->collection->name);
        buf_append_char(out, '/');
        buf_append_text(out, id);
        buf_append_char(out, '@');
        buf_append_number(out, token->version);
    }
}

void read_after_say(struct http_request *request, const struct read_token *token)
{
    struct read_after after = {.count = 1};
    struct buf value = {0};
    after.tokens[0] = *token;
    read_after_join(&after, ", ", &value);
    http_answer_with(request, "read-after", buf_str(&value));
    buf_free(&value);
}
