#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "base/status.h"

static void every_status_answers_in_words_and_with_an_http_error_or_200(void **state)
{
    (void)state;
    for (int i = 0; i < STATUS_COUNT; i++) {
        const struct status_info *info = status_info((enum status)i);
        if (info->name[0] == '\0' || info->reason[0] == '\0' || info->sentence[0] == '\0')
            fail_msg("status %d lacks a word", i);
        if (i == STATUS_OK ? info->http != 200 : info->http < 400 || info->http > 599)
            fail_msg("%s answers %d", info->name, info->http);
    }
}

static void no_two_statuses_share_a_name_or_a_reason(void **state)
{
    (void)state;
    for (int i = 0; i < STATUS_COUNT; i++)
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(status_info(i)->name, status_info(j)->name);
            assert_string_not_equal(status_info(i)->reason, status_info(j)->reason);
        }
}

static void a_reason_is_fit_for_a_metric_label(void **state)
{
    (void)state;
    for (int i = 0; i < STATUS_COUNT; i++) {
        const char *reason = status_info(i)->reason;
        assert_int_equal(strspn(reason, "abcdefghijklmnopqrstuvwxyz_"), strlen(reason));
    }
}

static void every_answer_we_give_has_its_standard_phrase(void **state)
{
    (void)state;
    for (int i = 0; i < STATUS_COUNT; i++)
        assert_string_not_equal(status_http_phrase(status_info(i)->http), "Unknown");
}

static void the_clients_fault_is_never_worth_repeating_but_for_its_haste(void **state)
{
    (void)state;
    for (int i = 0; i < STATUS_COUNT; i++)
        if (status_info(i)->http < 500 && i != STATUS_RATE_LIMITED)
            assert_int_equal(status_info(i)->repeat, REPEAT_USELESS);
}

static void only_an_ending_before_anything_happened_is_safe_to_repeat(void **state)
{
    static const struct {
        enum status status;
        enum status_repeat repeat;
    } rows[] = {
        {STATUS_QUEUE_FULL, REPEAT_SAFE},         {STATUS_QUEUE_TIMEOUT, REPEAT_SAFE},
        {STATUS_NO_SERVER, REPEAT_SAFE},          {STATUS_STARTING, REPEAT_SAFE},
        {STATUS_UNAVAILABLE, REPEAT_SAFE},        {STATUS_DRAINING, REPEAT_SAFE},
        {STATUS_UNCERTAIN, REPEAT_UNKNOWN},       {STATUS_TIMEOUT, REPEAT_UNKNOWN},
        {STATUS_UPSTREAM_FAILED, REPEAT_UNKNOWN}, {STATUS_DISABLED, REPEAT_USELESS},
        {STATUS_INTERNAL, REPEAT_USELESS},        {STATUS_RATE_LIMITED, REPEAT_SAFE},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_int_equal(status_info(rows[i].status)->repeat, rows[i].repeat);
}

static void phrases_are_those_of_rfc_9110(void **state)
{
    static const struct {
        int http;
        const char *phrase;
    } rows[] = {
        {200, "OK"},
        {201, "Created"},
        {204, "No Content"},
        {304, "Not Modified"},
        {404, "Not Found"},
        {413, "Content Too Large"},
        {422, "Unprocessable Content"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {418, "Unknown"},
        {0, "Unknown"},
        {-1, "Unknown"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_string_equal(status_http_phrase(rows[i].http), rows[i].phrase);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_answers_in_words_and_with_an_http_error_or_200),
        cmocka_unit_test(no_two_statuses_share_a_name_or_a_reason),
        cmocka_unit_test(a_reason_is_fit_for_a_metric_label),
        cmocka_unit_test(every_answer_we_give_has_its_standard_phrase),
        cmocka_unit_test(the_clients_fault_is_never_worth_repeating_but_for_its_haste),
        cmocka_unit_test(only_an_ending_before_anything_happened_is_safe_to_repeat),
        cmocka_unit_test(phrases_are_those_of_rfc_9110),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
