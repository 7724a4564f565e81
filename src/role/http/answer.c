#include "role/http/answer.h"

#include <stdio.h>

#include "guard/retry_after.h"

/* How many seconds a client had better wait, by how it was refused, where nothing better is known;
 * 0: waiting does not help. */
static int64_t retry_after(enum status status)
{
    switch (status) {
    case STATUS_IN_PROGRESS:
    case STATUS_QUEUE_FULL:
    case STATUS_QUEUE_TIMEOUT:
    case STATUS_NO_SERVER:
    case STATUS_STARTING:
    case STATUS_TOO_MANY_STREAMS:
    case STATUS_UNAVAILABLE:
    case STATUS_UNCERTAIN:
    case STATUS_DRAINING:
    case STATUS_TIMEOUT:
        return 1;
    case STATUS_DISABLED:
        return RETRY_AFTER_DISABLED;
    default:
        return 0;
    }
}

void answer_json(struct http_request *request, int http, struct str json)
{
    http_reply(request,
               &(struct http_response){.status = http,
                                       .headers = {{"content-type", STR("application/json")}},
                                       .body = json});
}

/* `allow` is NULL unless the method was the mistake. */
static void send(struct http_request *request, const struct problem *problem, const char *allow,
                 struct str body)
{
    char seconds[24];
    int64_t wait = problem->retry_after > 0 ? problem->retry_after : retry_after(problem->status);
    struct http_response response = {
        .status = status_info(problem->status)->http,
        .headers = {{"content-type", STR("application/problem+json")}},
        .body = body,
    };
    snprintf(seconds, sizeof(seconds), "%lld", (long long)wait);
    if (wait > 0)
        response.headers[1] = (struct http_header){"retry-after", str_from(seconds)};
    if (allow != NULL)
        response.headers[1] = (struct http_header){"allow", str_from(allow)};
    http_reply(request, &response);
}

void answer_write_problem(const struct problem *problem, const char *error, struct buf *out)
{
    buf_append_char(out, '{');
    if (error != NULL) {
        buf_append_text(out, "\"error\":");
        json_write_string(str_from(error), out);
        buf_append_char(out, ',');
    }
    problem_write_members(problem, out);
    buf_append_char(out, '}');
}

void answer_problem_with(struct http_request *request, const struct problem *problem,
                         struct str object)
{
    struct buf body = {0};
    answer_write_problem(problem, NULL, &body);
    if (object.len > 0) {
        body.ptr[body.len - 1] = ',';
        buf_append(&body, object.ptr + 1, object.len - 1);
    }
    send(request, problem, NULL, buf_str(&body));
    buf_free(&body);
}

void answer_problem(struct http_request *request, const struct problem *problem)
{
    answer_problem_with(request, problem, STR(""));
}

void answer_status(struct http_request *request, enum status status, const char *detail)
{
    struct problem problem = {0};
    problem_set(&problem, status, "%s", detail != NULL ? detail : status_info(status)->sentence);
    answer_problem(request, &problem);
    problem_free(&problem);
}

void answer_old_problem(struct http_request *request, const struct problem *problem,
                        const char *error, const char *allow)
{
    struct buf body = {0};
    struct problem shown = *problem; /* borrows the mistakes */
    if (shown.status == STATUS_INVALID)
        shown.status = STATUS_BAD_REQUEST;
    answer_write_problem(&shown, error != NULL ? error : problem->detail, &body);
    send(request, &shown, allow, buf_str(&body));
    buf_free(&body);
}

bool answer_is_among(struct str method, const char *methods)
{
    struct str rest = str_from(methods);
    while (rest.ptr != NULL)
        if (str_equal(str_trim(str_cut(&rest, ',')), method))
            return true;
    return false;
}

bool answer_allows(struct http_request *request, const char *methods)
{
    if (answer_is_among(request->method, methods))
        return true;
    struct buf body = {0};
    struct problem problem = {0};
    problem_set(&problem, STATUS_METHOD_NOT_ALLOWED, "allowed here: %s", methods);
    answer_write_problem(&problem, NULL, &body);
    send(request, &problem, methods, buf_str(&body));
    buf_free(&body);
    problem_free(&problem);
    return false;
}

bool answer_routes(struct http_request *request, const struct model *model,
                   const char *const methods[ROUTE_PART_COUNT], struct route *out)
{
    struct problem problem = {0};
    if (!route_parse(model, request->method, request->path, out, &problem)) {
        answer_problem(request, &problem);
        problem_free(&problem);
        return false;
    }
    if (out->alias != NULL && !answer_allows(request, out->methods))
        return false;
    if (methods[out->part] != NULL)
        return answer_allows(request, methods[out->part]);
    answer_status(request, STATUS_FORBIDDEN, NULL);
    return false;
}

bool answer_shows_key(const struct http_request *request, const char *key)
{
    static const struct str scheme = {"Bearer ", 7};
    struct str given = http_request_header(request, STR("authorization"));
    return key == NULL ||
           (given.len > scheme.len &&
            str_equal_nocase((struct str){given.ptr, scheme.len}, scheme) &&
            str_equal_secret((struct str){given.ptr + scheme.len, given.len - scheme.len},
                             str_from(key)));
}

bool answer_is_trusted(struct http_request *request, const char *key)
{
    if (answer_shows_key(request, key))
        return true;
    answer_status(request, STATUS_UNAUTHORIZED, NULL);
    return false;
}
