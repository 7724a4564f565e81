#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "guard/incident/availability.h"

static void before_its_first_verdict_nothing_is_known_of_it(void **state)
{
    struct availability subject = {0};
    struct availability_figures figures = availability_read(&subject, 1000);
    (void)state;
    assert_int_equal(figures.observed, 0);
    assert_int_equal(figures.out, 0);
    assert_float_equal(figures.share, 1, 1e-9);
    assert_int_equal(figures.outages, 0);
    assert_int_equal(figures.mean_detect, AVAILABILITY_NONE);
    assert_int_equal(figures.mean_recover, AVAILABILITY_NONE);
    assert_int_equal(figures.longest, AVAILABILITY_NONE);
}

static void an_outage_lasts_from_the_first_failed_sign_to_the_verdict_that_it_serves(void **state)
{
    struct availability subject = {0};
    (void)state;
    assert_int_equal(availability_serve(&subject, 1000), AVAILABILITY_NONE);
    availability_fail(&subject, 3000, 3400);
    assert_int_equal(availability_serve(&subject, 5000), 2000);
    struct availability_figures figures = availability_read(&subject, 9000);
    assert_int_equal(figures.observed, 8000);
    assert_int_equal(figures.out, 2000);
    assert_float_equal(figures.share, 0.75, 1e-9);
    assert_int_equal(figures.outages, 1);
    assert_int_equal(figures.mean_detect, 400);
    assert_int_equal(figures.mean_recover, 2000);
    assert_int_equal(figures.longest, 2000);
}

static void means_are_of_all_outages_and_recovery_of_those_that_ended(void **state)
{
    struct availability subject = {0};
    (void)state;
    availability_serve(&subject, 0);
    availability_fail(&subject, 100, 200);
    availability_serve(&subject, 400);
    availability_fail(&subject, 1000, 1300);
    availability_serve(&subject, 1500);
    availability_fail(&subject, 2000, 2500);
    struct availability_figures figures = availability_read(&subject, 4000);
    assert_int_equal(figures.outages, 3);
    assert_int_equal(figures.mean_detect, 300);
    assert_int_equal(figures.mean_recover, 400);
    assert_int_equal(figures.longest, 2000);
    assert_int_equal(figures.out, 300 + 500 + 2000);
    assert_float_equal(figures.share, 0.3, 1e-9);
}

static void a_verdict_repeated_is_nothing_new(void **state)
{
    struct availability subject = {0};
    (void)state;
    availability_serve(&subject, 0);
    assert_int_equal(availability_serve(&subject, 10), AVAILABILITY_NONE);
    availability_fail(&subject, 20, 20);
    availability_fail(&subject, 30, 30);
    assert_int_equal(availability_serve(&subject, 50), 30);
    assert_int_equal(availability_read(&subject, 50).outages, 1);
}

static void a_sign_from_before_it_served_last_begins_no_earlier_outage(void **state)
{
    struct availability subject = {0};
    (void)state;
    availability_serve(&subject, 0);
    availability_fail(&subject, 100, 100);
    availability_serve(&subject, 500);
    availability_fail(&subject, 300, 600);
    assert_int_equal(availability_serve(&subject, 700), 200);
    assert_int_equal(availability_read(&subject, 1000).out, 400 + 200);
    assert_int_equal(availability_read(&subject, 1000).mean_detect, (0 + 100) / 2);
}

static void one_that_never_served_is_observed_from_its_first_failed_sign(void **state)
{
    struct availability subject = {0};
    (void)state;
    availability_fail(&subject, 100, 400);
    assert_float_equal(availability_read(&subject, 400).share, 0, 1e-9);
    assert_int_equal(availability_read(&subject, 400).observed, 300);
    assert_int_equal(availability_serve(&subject, 600), 500);
    assert_float_equal(availability_read(&subject, 1100).share, 0.5, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_its_first_verdict_nothing_is_known_of_it),
        cmocka_unit_test(an_outage_lasts_from_the_first_failed_sign_to_the_verdict_that_it_serves),
        cmocka_unit_test(means_are_of_all_outages_and_recovery_of_those_that_ended),
        cmocka_unit_test(a_verdict_repeated_is_nothing_new),
        cmocka_unit_test(a_sign_from_before_it_served_last_begins_no_earlier_outage),
        cmocka_unit_test(one_that_never_served_is_observed_from_its_first_failed_sign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
