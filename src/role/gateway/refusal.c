#include "role/gateway/refusal.h"

#include <stdio.h>

#include "role/http/answer.h"

struct refusals {
    struct metrics *metrics;
    struct metric *counts[STATUS_TIMEOUT + 1];
};

struct refusals *refusals_new(struct metrics *metrics)
{
    struct refusals *refusals = mem_new(1, sizeof(*refusals));
    refusals->metrics = metrics;
    return refusals;
}

static void count(struct refusals *refusals, enum status status)
{
    char labels[64];
    if (refusals->counts[status] == NULL) {
        snprintf(labels, sizeof(labels), "reason=\"%s\"", status_info(status)->reason);
        refusals->counts[status] =
            metric_get(refusals->metrics, METRIC_KIND_COUNTER, "mamparo_gateway_refusals_total",
                       "Requests the gateway refused", labels);
    }
    metric_add(refusals->counts[status], 1);
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
                            .headers = {{"content-type", STR("application/problem+json")}},
                            .body = buf_str(&body)});
    buf_free(&body);
}

void refusal_answer(struct refusals *refusals, struct http_request *request, enum status status,
                    const enum side *old_side)
{
    struct problem problem = {0};
    count(refusals, status);
    problem_set(&problem, status, "%s", status_info(status)->sentence);
    if (old_side != NULL && status == STATUS_DISABLED)
        answer_old_disabled(request, *old_side);
    else if (old_side != NULL)
        answer_old_problem(request, &problem, NULL, NULL);
    else
        answer_problem(request, &problem);
    problem_free(&problem);
}
