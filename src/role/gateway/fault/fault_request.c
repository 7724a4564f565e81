#include "role/gateway/fault/fault_request.h"

#include "base/json.h"

static bool is_number(const struct json *value)
{
    return json_kind(value) == JSON_KIND_INTEGER || json_kind(value) == JSON_KIND_REAL;
}

/* Into an int64_t. */
static bool take_whole(const struct json *value, double least, double most, void *into)
{
    if (json_kind(value) != JSON_KIND_INTEGER || json_number(value) < least ||
        json_number(value) > most)
        return false;
    *(int64_t *)into = json_integer_of(value);
    return true;
}

/* Into a double. */
static bool take_share(const struct json *value, double least, double most, void *into)
{
    if (!is_number(value) || !(json_number(value) >= least && json_number(value) <= most))
        return false;
    *(double *)into = json_number(value);
    return true;
}

struct member {
    const char *name;
    bool (*take)(const struct json *value, double least, double most, void *into);
    double least, most;
    void *into;
};

static void take_member(const struct member *members, size_t count, struct json_member given,
                        struct problem *problem)
{
    const struct member *end = members + count, *member = members;
    struct buf pointer = {0};
    while (member < end && strcmp(member->name, given.key) != 0)
        member++;
    buf_printf(&pointer, "/%s", given.key);
    if (member == end)
        problem_at_pointer(problem, buf_str(&pointer),
                           "is not known here; there are latency_ms, error, drop and for_s");
    else if (!member->take(given.value, member->least, member->most, member->into))
        problem_at_pointer(problem, buf_str(&pointer), "must be a %snumber from %g to %g",
                           member->take == take_whole ? "whole " : "", member->least, member->most);
    buf_free(&pointer);
}

static void check(const struct fault *fault, struct problem *problem)
{
    if (problem_is_set(problem))
        return;
    if (fault->error + fault->drop > 1)
        problem_at_pointer(problem, STR("/drop"), "must be at most 1 together with error");
    else if (fault->latency == 0 && fault->error <= 0 && fault->drop <= 0)
        problem_at_pointer(problem, STR(""), "must have latency_ms, error or drop above 0");
}

bool fault_request_parse(struct str body, msec_t now, struct fault *fault, struct problem *problem)
{
    char mistake[JSON_MISTAKE_SIZE];
    int64_t seconds = FAULT_SECONDS;
    const struct member members[] = {
        {"latency_ms", take_whole, 0, FAULT_LATENCY_MAX_MS, &fault->latency},
        {"error", take_share, 0, 1, &fault->error},
        {"drop", take_share, 0, 1, &fault->drop},
        {"for_s", take_whole, 1, FAULT_SECONDS_MAX, &seconds},
    };
    struct json *json = json_parse(body, mistake);
    if (json == NULL) {
        problem_set(problem, STATUS_BAD_REQUEST, "the body is no JSON: %s", mistake);
        return false;
    }
    if (json_kind(json) != JSON_KIND_OBJECT)
        problem_at_pointer(problem, STR(""), "must be an object");
    else
        for (struct json_member m = json_first(json); m.key != NULL; m = json_next(json, m))
            take_member(members, countof(members), m, problem);
    json_free(&json);
    check(fault, problem);
    fault->set_at = now;
    fault->until = now + seconds * 1000;
    return !problem_is_set(problem);
}
