#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "role/gateway/fleet/check_answer.h"

static const struct row {
    enum status status;
    int http;
    const char *body, *lag;
    struct check_finding finding;
} rows[] = {
    /* ours */
    {STATUS_OK, 200, "{\"status\":\"ready\",\"role\":\"read\"}", "12", {FLEET_PASSED, false, 12}},
    {STATUS_OK,
     503,
     "{\"status\":\"not ready\",\"role\":\"read\",\"why\":\"x\"}",
     NULL,
     {FLEET_REFUSED, false, -1}},
    {STATUS_OK,
     503,
     "{\"status\":\"draining\",\"role\":\"read\",\"why\":\"x\"}",
     "0",
     {FLEET_LEAVING, false, 0}},
    {STATUS_OK, 200, "{\"status\":\"ready\",\"role\":\"write\"}", NULL, {FLEET_REFUSED, true, -1}},
    {STATUS_OK,
     503,
     "{\"status\":\"draining\",\"role\":\"write\"}",
     NULL,
     {FLEET_REFUSED, true, -1}},
    /* any other */
    {STATUS_OK, 200, "pong", NULL, {FLEET_PASSED, false, -1}},
    {STATUS_OK, 200, "{\"status\":\"draining\"}", NULL, {FLEET_PASSED, false, -1}},
    {STATUS_OK, 204, "", NULL, {FLEET_PASSED, false, -1}},
    {STATUS_OK, 404, "[\"role\"]", NULL, {FLEET_PASSED, false, -1}},
    {STATUS_OK, 405, "", NULL, {FLEET_PASSED, false, -1}},
    {STATUS_OK, 501, "", NULL, {FLEET_PASSED, false, -1}},
    {STATUS_OK, 500, "", NULL, {FLEET_REFUSED, false, -1}},
    {STATUS_OK, 503, "", NULL, {FLEET_REFUSED, false, -1}},
    {STATUS_OK, 503, "{\"status\":\"draining\"}", NULL, {FLEET_LEAVING, false, -1}},
    {STATUS_OK, 200, "{\"role\":7}", "-3", {FLEET_PASSED, false, -1}},
    {STATUS_OK, 200, "", "soon", {FLEET_PASSED, false, -1}},
    /* none */
    {STATUS_NO_SERVER, 0, "", NULL, {FLEET_SILENT, false, -1}},
    {STATUS_TIMEOUT, 0, "", NULL, {FLEET_SILENT, false, -1}},
    {STATUS_UPSTREAM_FAILED, 200, "", NULL, {FLEET_SILENT, false, -1}},
};

static void every_answer_says_how_the_server_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct http_outcome outcome = {
            .status = rows[i].status,
            .head = {.status = rows[i].http, .replica_lag_ms = str_from(rows[i].lag)},
            .body = str_from(rows[i].body)};
        struct check_finding finding = check_answer_read(&outcome, "read");
        if (finding.verdict != rows[i].finding.verdict ||
            finding.has_other_role != rows[i].finding.has_other_role ||
            finding.lag_ms != rows[i].finding.lag_ms)
            fail_msg("row %zu: %d %d %lld", i, finding.verdict, finding.has_other_role,
                     (long long)finding.lag_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_says_how_the_server_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
