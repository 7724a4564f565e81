#include "role/gateway/forward/refusal.h"

#include "role/gateway/forward/failure_log.h"
#include "role/http/answer.h"

struct refusals {
    struct traffic *traffic;
    struct failure_log failures;
};

struct refusals *refusals_new(struct traffic *traffic)
{
    struct refusals *refusals = mem_new(1, sizeof(*refusals));
    refusals->traffic = traffic;
    return refusals;
}

/* The former system said only this much of a switched-off side. */
static void answer_old_disabled(struct http_request *request, enum side side)
{
    static const char *const names[] = {"GET", "POST"};
    const struct status_info *info = status_info(STATUS_DISABLED);
    struct buf body = {0};
    buf_printf(&body,
               "{\"error\":\"%s service is currently unavailable\",\"status\":\"disabled\","
               "\"type\":\"about:blank\",\"title\":\"%s\",\"reason\":\"%s\",\"detail\":\"%s\"}",
               names[side], status_http_phrase(info->http), info->reason, info->sentence);
    http_reply(request, &(struct http_response){
                            .status = info->http,
                            .headers = {{"content-type", STR("application/problem+json")},
                                        {"retry-after", STR("30")}},
                            .body = buf_str(&body)});
    buf_free(&body);
}

void refusal_answer(struct refusals *refusals, struct http_request *request, enum status status,
                    const struct refused *refused)
{
    struct problem problem = {.retry_after = refused->retry_after};
    traffic_count_refusal(refusals->traffic, refused->service, refused->side, status);
    failure_log_note(&refusals->failures, request, status);
    problem_set(&problem, status, "%s", status_info(status)->sentence);
    if (refused->is_old && status == STATUS_DISABLED)
        answer_old_disabled(request, refused->side);
    else if (refused->is_old)
        answer_old_problem(request, &problem, NULL, NULL);
    else
        answer_problem(request, &problem);
    problem_free(&problem);
}
