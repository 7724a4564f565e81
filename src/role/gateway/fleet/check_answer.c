#include "role/gateway/fleet/check_answer.h"

#include "base/json.h"

static bool is_failure(int http)
{
    enum { NOT_IMPLEMENTED = 501 }; /* a simple server that knows no GET */
    return http >= 500 && http != NOT_IMPLEMENTED;
}

static void read_body(const struct json *body, const char *role, struct check_finding *finding)
{
    if (json_kind(body) != JSON_KIND_OBJECT)
        return;
    struct str own = json_find_text(body, "role", str_from(role));
    finding->has_other_role = !str_equal(own, str_from(role));
    if (finding->has_other_role)
        finding->verdict = FLEET_REFUSED;
    else if (finding->verdict == FLEET_REFUSED &&
             str_equal(json_find_text(body, "status", STR("")), STR("draining")))
        finding->verdict = FLEET_LEAVING;
}

struct check_finding check_answer_read(const struct http_outcome *outcome, const char *role)
{
    struct check_finding finding = {.verdict = FLEET_SILENT, .lag_ms = -1};
    char mistake[JSON_MISTAKE_SIZE];
    int64_t lag;
    if (outcome->status != STATUS_OK)
        return finding;
    finding.verdict = is_failure(outcome->head.status) ? FLEET_REFUSED : FLEET_PASSED;
    if (str_to_int64(outcome->head.replica_lag_ms, &lag) && lag >= 0)
        finding.lag_ms = lag;
    struct json *body = json_parse(outcome->body, mistake);
    if (body == NULL)
        return finding;
    read_body(body, role, &finding);
    json_free(&body);
    return finding;
}
