#include "role/http/old_paths.h"

#include "role/http/answer.h"
#include "role/http/offer.h"
#include "role/http/route.h"
#include "role/http/write_request.h"

const char old_paths_service[] = "medical";

static const struct collection *old_collection(const struct model *model)
{
    return model_find(model, str_from(old_paths_service), STR("entries"));
}

static void refuse(struct http_request *request, enum status status, const char *error)
{
    struct problem problem = {0};
    problem_set(&problem, status, "%s", error);
    answer_old_problem(request, &problem, error, NULL);
    problem_free(&problem);
}

/* Any role */

static void answer_wrong_role(struct http_request *request, const char *role)
{
    struct problem problem = {0};
    struct buf body = {0};
    problem_set(&problem, STATUS_FORBIDDEN, "this server's role is %s", role);
    buf_append_text(&body, "{\"error\":");
    json_write_string(str_from(problem.detail), &body);
    buf_printf(&body, ",\"server_type\":\"%s\",", role);
    problem_write_members(&problem, &body);
    buf_append_char(&body, '}');
    http_reply(request, &(struct http_response){
                            .status = 403,
                            .headers = {{"content-type", STR("application/problem+json")}},
                            .body = buf_str(&body)});
    buf_free(&body);
    problem_free(&problem);
}

static void answer_health(struct http_request *request, const char *role)
{
    struct buf body = {0};
    buf_printf(&body, "{\"status\":\"healthy\",\"server_type\":\"%s\"}", role);
    answer_json(request, 200, buf_str(&body));
    buf_free(&body);
}

static const struct {
    struct str path;
    const char *role; /* NULL: every one */
} owners[] = {
    {STR("/database/write/"), "write"},     {STR("/database/read/"), "read"},
    {STR("/database/health/"), NULL},       {STR("/"), "bulkhead"},
    {STR("/bulkhead/"), "bulkhead"},        {STR("/bulkhead/toggle/"), "bulkhead"},
    {STR("/bulkhead/status/"), "bulkhead"},
};

bool old_paths_has(struct str path)
{
    for (size_t i = 0; i < countof(owners); i++)
        if (str_equal(path, owners[i].path))
            return true;
    return false;
}

void old_paths_write_refusal(struct str path, enum status status, const char *why, struct buf *out)
{
    struct problem problem = {0};
    problem_set(&problem, status, "%s", why);
    answer_write_problem(&problem, old_paths_has(path) ? why : NULL, out);
    problem_free(&problem);
}

void old_paths_refuse(struct http_request *request, enum status status, const char *why)
{
    refuse(request, status, why);
}

bool old_paths_allows(struct http_request *request, const char *methods)
{
    if (answer_is_among(request->method, methods))
        return true;
    struct problem problem = {0};
    problem_set(&problem, STATUS_METHOD_NOT_ALLOWED, "allowed here: %s", methods);
    answer_old_problem(request, &problem, NULL, methods);
    problem_free(&problem);
    return false;
}

static bool is_elsewhere(struct str path, const char *role)
{
    for (size_t i = 0; i < countof(owners); i++)
        if (owners[i].role != NULL && str_equal(path, owners[i].path))
            return strcmp(owners[i].role, role) != 0;
    return false;
}

bool old_paths_handle(struct http_request *request, const char *role)
{
    if (str_equal(request->path, STR("/database/health/"))) {
        if (old_paths_allows(request, "GET, HEAD"))
            answer_health(request, role);
        return true;
    }
    if (is_elsewhere(request->path, role)) {
        answer_wrong_role(request, role);
        return true;
    }
    return false;
}

/* Writing */

/* The old system read `title` and `content` and looked at nothing else. */
static struct json *pick_fields(const struct json *body)
{
    static const char *const known[] = {"title", "content"};
    struct json *picked = json_make_object();
    for (size_t i = 0; i < countof(known); i++)
        if (json_find(body, known[i]) != NULL)
            json_put(picked, known[i], json_share(json_find(body, known[i])));
    return picked;
}

bool old_paths_parse_write(struct http_request *request, const struct model *model,
                           struct command *out)
{
    struct problem problem = {0};
    struct json *body = NULL;
    if (!old_paths_allows(request, "POST"))
        return false;
    *out = (struct command){
        .kind = COMMAND_CREATE, .collection = old_collection(model), .id = uuid_new()};
    if (out->collection == NULL) {
        refuse(request, STATUS_NOT_FOUND, "this server has no medical entries");
        return false;
    }
    if (write_request_origin(request, out, &problem))
        body = write_request_body(request, &problem);
    if (body != NULL && json_kind(body) != JSON_KIND_OBJECT)
        problem_set(&problem, STATUS_BAD_REQUEST, "the body must be a JSON object");
    if (problem_is_set(&problem))
        answer_old_problem(request, &problem, body == NULL ? "Invalid JSON data" : NULL, NULL);
    else
        out->body = pick_fields(body);
    bool is_fine = !problem_is_set(&problem);
    if (body != NULL)
        json_free(&body);
    if (!is_fine)
        command_free(out);
    problem_free(&problem);
    return is_fine;
}

/* Copies members of a record, in the old order. */
static void write_members(const struct json *record, const char *const *names, struct buf *out)
{
    const char *separator = "{";
    for (; *names != NULL; names++) {
        buf_printf(out, "%s\"%s\":", separator, *names);
        json_write(json_find(record, *names), out);
        separator = ",";
    }
}

static struct json *parse_own(struct str json)
{
    char mistake[JSON_MISTAKE_SIZE];
    struct json *record = json_parse(json, mistake);
    assert(record != NULL); /* it is our own writing */
    return record;
}

void old_paths_answer_write(struct http_request *request, const struct write_answer *answer)
{
    static const char *const names[] = {"id", "title", "content", "created_at", NULL};
    struct buf body = {0};
    if (answer->change == NULL) {
        answer_old_problem(request, answer->problem, NULL, NULL);
        return;
    }
    struct json *record = parse_own(buf_str(&answer->change->body));
    write_members(record, names, &body);
    buf_append_text(&body, ",\"message\":\"Data written successfully\"}");
    struct http_response response = {.status = 201,
                                     .headers = {{"content-type", STR("application/json")}},
                                     .body = buf_str(&body)};
    if (answer->is_replayed)
        http_answer_with(request, "idempotent-replayed", STR("true"));
    http_reply(request, &response);
    json_free(&record);
    buf_free(&body);
}

/* Reading */

static void write_record(const struct json *record, struct buf *out)
{
    static const char *const names[] = {"id", "title", "content", "created_at", "updated_at", NULL};
    write_members(record, names, out);
    buf_append_char(out, '}');
}

static bool take_number(struct str text, int64_t most, int64_t *out)
{
    return str_to_int64(text, out) && *out >= 1 && *out <= most;
}

/* Unknown parameters were ignored; they still are. False after answering. */
static bool take_parameter(struct http_request *request, struct str name, struct str value,
                           struct old_read *out)
{
    struct problem problem = {0};
    if (str_equal(name, STR("id")) && !route_parse_id(value, &out->id, &problem)) {
        /* An id of the old system, a number, is simply not there any more. */
        refuse(request, STATUS_NOT_FOUND, "Record not found");
        problem_free(&problem);
        return false;
    }
    out->has_id = out->has_id || str_equal(name, STR("id"));
    bool is_page = str_equal(name, STR("page")), is_size = str_equal(name, STR("page_size"));
    if ((is_page && !take_number(value, INT32_MAX, &out->query.page)) ||
        (is_size && !take_number(value, QUERY_PAGE_SIZE_MAX, &out->query.page_size))) {
        refuse(request, STATUS_BAD_REQUEST, is_page ? "Invalid page number" : "Invalid page size");
        return false;
    }
    return true;
}

bool old_paths_parse_read(struct http_request *request, const struct model *model,
                          struct old_read *out)
{
    enum { OLD_PAGE_SIZE = 10 };
    struct str rest = request->query;
    *out = (struct old_read){.collection = old_collection(model),
                             .query = {.page = 1, .page_size = OLD_PAGE_SIZE}};
    if (!old_paths_allows(request, "GET, HEAD"))
        return false;
    if (out->collection == NULL) {
        refuse(request, STATUS_NOT_FOUND, "this server has no medical entries");
        return false;
    }
    while (rest.len > 0) {
        struct str value = str_cut(&rest, '&');
        struct str name = str_cut(&value, '=');
        if (!take_parameter(request, name, value, out))
            return false;
    }
    return true;
}

void old_paths_answer_record(struct http_request *request, struct str json)
{
    struct buf body = {0};
    struct json *record = parse_own(json);
    write_record(record, &body);
    offer_json_by_content(request, buf_str(&body));
    json_free(&record);
    buf_free(&body);
}

void old_paths_answer_page(struct http_request *request, const struct read_position *position,
                           struct str items)
{
    struct buf all = {0}, body = {0};
    buf_append_char(&all, '[');
    buf_append_str(&all, items);
    buf_append_char(&all, ']');
    struct json *records = parse_own(buf_str(&all));
    buf_append_text(&body, "{\"data\":[");
    for (size_t i = 0; i < json_count(records); i++) {
        if (i > 0)
            buf_append_char(&body, ',');
        write_record(json_item(records, i), &body);
    }
    buf_append_text(&body, "],\"pagination\":");
    read_answer_write_pagination(position, &body);
    buf_append_char(&body, '}');
    offer_json_by_content(request, buf_str(&body));
    json_free(&records);
    buf_free(&all);
    buf_free(&body);
}
