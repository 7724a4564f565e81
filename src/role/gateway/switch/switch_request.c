#include "role/gateway/switch/switch_request.h"

#include "base/json.h"
#include "role/gateway/switch/toggle_book.h"

static void copy_text(struct str text, char out[TOGGLE_TEXT_MAX + 1])
{
    if (text.len > 0)
        memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
}

bool switch_request_actor(const struct http_request *request, struct toggle_wish *wish,
                          struct problem *problem)
{
    struct str actor = http_request_header(request, STR("x-actor"));
    if (actor.len == 0)
        actor = STR("unknown");
    if (actor.len <= TOGGLE_TEXT_MAX && str_is_utf8(actor))
        copy_text(actor, wish->by);
    else
        problem_set(problem, STATUS_BAD_REQUEST,
                    "the header x-actor must be UTF-8 of at most %d bytes", TOGGLE_TEXT_MAX);
    return !problem_is_set(problem);
}

/* "3" with its quotes; `*` is any. */
static void take_condition(const struct http_request *request, struct toggle_wish *wish,
                           struct problem *problem)
{
    struct str match = http_request_header(request, STR("if-match"));
    wish->if_version = TOGGLE_ANY_VERSION;
    if (match.ptr == NULL || str_equal(match, STR("*")))
        return;
    bool is_quoted = match.len > 2 && match.ptr[0] == '"' && match.ptr[match.len - 1] == '"';
    if (!is_quoted ||
        !str_to_int64((struct str){match.ptr + 1, match.len - 2}, &wish->if_version) ||
        wish->if_version < 0)
        problem_set(problem, STATUS_BAD_REQUEST,
                    "If-Match must be one strong ETag like \"3\", or *");
}

static void take_enabled(const struct json *value, struct toggle_wish *wish,
                         struct problem *problem)
{
    if (json_kind(value) == JSON_KIND_BOOLEAN)
        wish->verb = json_truth(value) ? TOGGLE_ON : TOGGLE_OFF;
    else
        problem_at_pointer(problem, STR("/enabled"), "must be true or false");
}

static void take_why(const struct json *value, struct toggle_wish *wish, struct problem *problem)
{
    if (json_kind(value) != JSON_KIND_STRING)
        problem_at_pointer(problem, STR("/why"), "must be a string");
    else if (json_text(value).len > TOGGLE_TEXT_MAX)
        problem_at_pointer(problem, STR("/why"), "must have at most %d bytes", TOGGLE_TEXT_MAX);
    else
        copy_text(json_text(value), wish->why);
}

static void refuse_member(const char *key, struct problem *problem)
{
    struct buf pointer = {0};
    buf_append_char(&pointer, '/');
    for (const char *c = key; *c != '\0'; c++)
        if (*c == '~' || *c == '/')
            buf_append_text(&pointer, *c == '~' ? "~0" : "~1");
        else
            buf_append_char(&pointer, *c);
    problem_at_pointer(problem, buf_str(&pointer), "is not known here: there are enabled and why");
    buf_free(&pointer);
}

static void take_members(const struct json *body, struct toggle_wish *wish, struct problem *problem)
{
    if (json_find(body, "enabled") == NULL)
        problem_at_pointer(problem, STR("/enabled"), "is required");
    for (struct json_member m = json_first(body); m.key != NULL; m = json_next(body, m))
        if (strcmp(m.key, "enabled") == 0)
            take_enabled(m.value, wish, problem);
        else if (strcmp(m.key, "why") == 0)
            take_why(m.value, wish, problem);
        else
            refuse_member(m.key, problem);
}

static void take_body(struct str text, struct toggle_wish *wish, struct problem *problem)
{
    char mistake[JSON_MISTAKE_SIZE];
    struct json *body = json_parse(text, mistake);
    if (body == NULL)
        problem_set(problem, STATUS_BAD_REQUEST, "the body is not valid JSON: %s", mistake);
    else if (json_kind(body) == JSON_KIND_OBJECT)
        take_members(body, wish, problem);
    else
        problem_at_pointer(problem, STR(""), "must be an object");
    if (body != NULL)
        json_free(&body);
}

bool switch_request_parse(const struct http_request *request, struct toggle_wish *wish,
                          struct problem *problem)
{
    if (request->query.len > 0)
        problem_set(problem, STATUS_BAD_REQUEST, "a switch takes no query parameters");
    take_condition(request, wish, problem);
    if (!problem_is_set(problem) && switch_request_actor(request, wish, problem))
        take_body(request->body, wish, problem);
    return !problem_is_set(problem);
}

bool switch_request_limit(const struct http_request *request, size_t *limit,
                          struct problem *problem)
{
    enum { USUAL = 100 };
    struct str rest = request->query;
    int64_t number = USUAL;
    while (rest.len > 0) {
        struct str value = str_cut(&rest, '&');
        struct str name = str_cut(&value, '=');
        if (!str_equal(name, STR("limit")))
            problem_at_parameter(problem, str_is_utf8(name) ? name : STR("?"),
                                 "is not known here: there is limit");
        else if (!str_to_int64(value, &number) || number < 1 || number > TOGGLE_HISTORY_MAX)
            problem_at_parameter(problem, name, "must be a number from 1 to %d",
                                 TOGGLE_HISTORY_MAX);
    }
    *limit = (size_t)number;
    return !problem_is_set(problem);
}
