#include "role/http/batch_request.h"

#include "role/http/answer.h"
#include "role/http/read_after.h"
#include "role/http/write_request.h"

static bool take_query(struct str query, struct batch *out, struct problem *problem)
{
    if (query.len == 0 || str_equal(query, STR("atomic=false")))
        return true;
    out->is_atomic = str_equal(query, STR("atomic=true"));
    if (!out->is_atomic)
        problem_at_parameter(problem, STR("atomic"),
                             "is the one parameter of a batch, and must be true or false");
    return out->is_atomic;
}

static bool has_no_condition(const struct http_request *request, struct problem *problem)
{
    if (http_request_header(request, STR("if-match")).ptr != NULL ||
        http_request_header(request, STR("if-none-match")).ptr != NULL)
        problem_set(problem, STATUS_BAD_REQUEST,
                    "a batch takes no conditions; a member names its version");
    return !problem_is_set(problem);
}

/* The fields alone, without what says which record is meant. */
static struct json *fields_of(const struct json *member)
{
    struct json *fields = json_make_object();
    for (struct json_member m = json_first(member); m.key != NULL; m = json_next(member, m))
        if (strcmp(m.key, "id") != 0 && strcmp(m.key, "version") != 0)
            json_put(fields, m.key, json_share(m.value));
    return fields;
}

static void take_id(struct batch_item *item, const struct json *id)
{
    item->command.kind = COMMAND_PATCH;
    if (json_kind(id) != JSON_KIND_STRING || !uuid_parse(json_text(id), &item->command.id))
        problem_at_pointer(&item->problem, STR("/id"), "must be a UUID");
}

static void take_version(struct batch_item *item, const struct json *version)
{
    struct command *command = &item->command;
    command->has_condition = true;
    if (command->kind != COMMAND_PATCH)
        problem_at_pointer(&item->problem, STR("/version"), "has no meaning without an id");
    else if (json_kind(version) != JSON_KIND_INTEGER || json_integer_of(version) < 1)
        problem_at_pointer(&item->problem, STR("/version"), "must be a whole number from 1 up");
    else
        command->version = json_integer_of(version);
}

static void take_member(struct batch_item *item, const struct json *member)
{
    if (json_kind(member) != JSON_KIND_OBJECT) {
        problem_at_pointer(&item->problem, STR(""), "must be an object");
        return;
    }
    const struct json *id = json_find(member, "id"), *version = json_find(member, "version");
    if (id != NULL)
        take_id(item, id);
    if (version != NULL)
        take_version(item, version);
    item->command.body = fields_of(member);
}

static bool take_members(const struct http_request *request, struct ident_well *idents,
                         struct batch *out, struct problem *problem)
{
    struct json *body = write_request_body(request, problem);
    size_t count = body != NULL && json_kind(body) == JSON_KIND_ARRAY ? json_count(body) : 0;
    if (body != NULL && (count == 0 || count > BATCH_MAX))
        problem_at_pointer(problem, STR(""), "must be an array of 1 to %d objects", BATCH_MAX);
    if (!problem_is_set(problem)) {
        out->items = mem_new(count, sizeof(struct batch_item));
        out->count = count;
    }
    for (size_t i = 0; i < out->count; i++) {
        out->items[i].command = (struct command){.kind = COMMAND_CREATE,
                                                 .collection = out->shared.collection,
                                                 .id = uuid_draw(idents),
                                                 .origin = out->shared.origin};
        take_member(&out->items[i], json_item(body, i));
    }
    if (body != NULL)
        json_free(&body);
    return !problem_is_set(problem);
}

bool batch_request_parse(struct http_request *request, const struct route *route,
                         struct ident_well *idents, struct batch *out, struct problem *problem)
{
    *out = (struct batch){.shared = {.collection = route->collection}};
    if (take_query(request->query, out, problem) && has_no_condition(request, problem) &&
        write_request_type(request, problem) &&
        write_request_origin(request, &out->shared, problem) &&
        take_members(request, idents, out, problem))
        return true;
    batch_free(out);
    return false;
}

/* Its ETag is a number in quotes. False for one that was refused. */
static bool parse_outcome(const struct json *outcome, struct read_token *out)
{
    struct str etag = json_find_text(outcome, "etag", STR(""));
    return etag.len > 2 && uuid_parse(json_find_text(outcome, "id", STR("")), &out->id) &&
           str_to_int64((struct str){etag.ptr + 1, etag.len - 2}, &out->version);
}

/* A batch is published in the order of its members: the last that was stored stands for all. */
static void say_last(struct http_request *request, const struct collection *collection,
                     struct str outcomes)
{
    char mistake[JSON_MISTAKE_SIZE];
    struct json *answer = json_parse(outcomes, mistake);
    struct read_token token = {.collection = collection};
    assert(answer != NULL); /* it is our own writing */
    const struct json *all = json_find(answer, "outcomes");
    size_t at = json_count(all);
    while (at > 0 && !parse_outcome(json_item(all, at - 1), &token))
        at--;
    if (at > 0)
        read_after_say(request, &token);
    json_free(&answer);
}

void batch_request_answer(struct http_request *request, const struct collection *collection,
                          const struct batch_answer *answer)
{
    struct problem problem = {0};
    if (answer->status == STATUS_OK) {
        struct http_response response = {.status = 200,
                                         .headers = {{"content-type", STR("application/json")}},
                                         .body = answer->outcomes};
        if (answer->is_replayed)
            http_answer_with(request, "idempotent-replayed", STR("true"));
        say_last(request, collection, answer->outcomes);
        http_reply(request, &response);
        return;
    }
    problem_set(&problem, answer->status, "%s",
                answer->outcomes.len > 0
                    ? "a member of the batch was refused, and so nothing of it "
                      "is stored"
                    : status_info(answer->status)->sentence);
    answer_problem_with(request, &problem, answer->outcomes);
    problem_free(&problem);
}
