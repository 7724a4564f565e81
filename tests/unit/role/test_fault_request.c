#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "role/gateway/fault/fault_request.h"

static void a_fault_says_what_it_does_and_for_how_long(void **state)
{
    static const struct {
        const char *body;
        msec_t latency, until;
        double error, drop;
    } rows[] = {
        {"{\"latency_ms\":2000}", 2000, 61000, 0, 0},
        {"{\"error\":0.25,\"drop\":0.75,\"for_s\":3600}", 0, 3601000, 0.25, 0.75},
        {"{\"latency_ms\":60000,\"error\":1,\"for_s\":1}", 60000, 2000, 1, 0},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct fault fault = {0};
        struct problem problem = {0};
        assert_true(fault_request_parse(str_from(rows[i].body), 1000, &fault, &problem));
        assert_int_equal(fault.latency, rows[i].latency);
        assert_int_equal(fault.until, rows[i].until);
        assert_int_equal(fault.set_at, 1000);
        assert_float_equal(fault.error, rows[i].error, 1e-9);
        assert_float_equal(fault.drop, rows[i].drop, 1e-9);
        problem_free(&problem);
    }
}

static void a_mistake_is_told_with_its_place(void **state)
{
    static const struct {
        const char *body;
        enum status status;
        const char *places; /* as they stand in the answer, or NULL: the whole body */
    } rows[] = {
        {"", STATUS_BAD_REQUEST, NULL},
        {"{\"latency_ms\":", STATUS_BAD_REQUEST, NULL},
        {"[]", STATUS_INVALID, "\"\""},
        {"{}", STATUS_INVALID, "\"\""},
        {"{\"latency_ms\":0,\"error\":0}", STATUS_INVALID, "\"\""},
        {"{\"latency_ms\":60001}", STATUS_INVALID, "\"/latency_ms\""},
        {"{\"latency_ms\":-1}", STATUS_INVALID, "\"/latency_ms\""},
        {"{\"latency_ms\":1.5}", STATUS_INVALID, "\"/latency_ms\""},
        {"{\"latency_ms\":\"1\"}", STATUS_INVALID, "\"/latency_ms\""},
        {"{\"error\":1.01}", STATUS_INVALID, "\"/error\""},
        {"{\"drop\":-0.1}", STATUS_INVALID, "\"/drop\""},
        {"{\"drop\":true}", STATUS_INVALID, "\"/drop\""},
        {"{\"error\":0.6,\"drop\":0.5}", STATUS_INVALID, "\"/drop\""},
        {"{\"error\":1,\"for_s\":0}", STATUS_INVALID, "\"/for_s\""},
        {"{\"error\":1,\"for_s\":3601}", STATUS_INVALID, "\"/for_s\""},
        {"{\"latency\":5}", STATUS_INVALID, "\"/latency\""},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct fault fault = {0};
        struct problem problem = {0};
        assert_false(fault_request_parse(str_from(rows[i].body), 1000, &fault, &problem));
        assert_int_equal(problem.status, rows[i].status);
        if (rows[i].places != NULL)
            assert_non_null(strstr(problem.mistakes.ptr, rows[i].places));
        problem_free(&problem);
    }
}

static void all_mistakes_are_told_at_once(void **state)
{
    struct fault fault = {0};
    struct problem problem = {0};
    (void)state;
    assert_false(fault_request_parse(STR("{\"error\":2,\"drop\":2,\"for_s\":0,\"x\":1}"), 0, &fault,
                                     &problem));
    assert_int_equal(problem.mistake_count, 4);
    problem_free(&problem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fault_says_what_it_does_and_for_how_long),
        cmocka_unit_test(a_mistake_is_told_with_its_place),
        cmocka_unit_test(all_mistakes_are_told_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
