#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "guard/faults.h"

enum { READS, WRITES };

static struct fault fault_of(size_t service, const char *server, msec_t latency)
{
    struct fault fault = {.service = service, .side = READS, .latency = latency, .until = 1000};
    memcpy(fault.server, server, strlen(server));
    return fault;
}

static struct fault_draw draw(struct faults *faults, double chance)
{
    return faults_draw(faults, &(struct fault_target){0, READS, STR("a:1")}, chance, 0);
}

static msec_t latency_of(struct faults *faults, size_t service, const char *server, msec_t now)
{
    return faults_draw(faults, &(struct fault_target){service, READS, str_from(server)}, 0.5, now)
        .latency;
}

static void a_fault_befalls_its_compartment_alone(void **state)
{
    struct faults *faults = faults_new();
    struct fault fault = fault_of(1, "", 40);
    (void)state;
    assert_false(faults_has_any(faults));
    assert_true(faults_set(faults, &fault));
    assert_true(faults_has_any(faults));
    assert_int_equal(latency_of(faults, 1, "a:1", 0), 40);
    assert_int_equal(latency_of(faults, 0, "a:1", 0), 0);
    assert_int_equal(
        faults_draw(faults, &(struct fault_target){1, WRITES, STR("a:1")}, 0.5, 0).latency, 0);
    faults_free(&faults);
}

static void that_of_a_server_goes_before_that_of_all(void **state)
{
    struct faults *faults = faults_new();
    struct fault all = fault_of(0, "", 40), one = fault_of(0, "a:1", 70), gone;
    struct fault_target target = {0, READS, STR("a:1")};
    (void)state;
    assert_true(faults_set(faults, &all));
    assert_true(faults_set(faults, &one));
    assert_int_equal(latency_of(faults, 0, "a:1", 0), 70);
    assert_int_equal(latency_of(faults, 0, "b:1", 0), 40);
    assert_true(faults_clear(faults, &target, &gone));
    assert_int_equal(gone.latency, 70);
    assert_int_equal(latency_of(faults, 0, "a:1", 0), 40);
    assert_false(faults_clear(faults, &target, &gone));
    faults_free(&faults);
}

static void shares_of_requests_fail_and_are_lost(void **state)
{
    enum { DRAWS = 1000 };
    unsigned counts[3] = {0};
    struct faults *faults = faults_new();
    struct fault fault = fault_of(0, "", 0);
    (void)state;
    fault.error = 0.2;
    fault.drop = 0.5;
    assert_true(faults_set(faults, &fault));
    for (int i = 0; i < DRAWS; i++)
        counts[draw(faults, (double)i / DRAWS).outcome]++;
    assert_int_equal(counts[FAULT_ERROR], 200);
    assert_int_equal(counts[FAULT_DROP], 500);
    assert_int_equal(counts[FAULT_NONE], 300);
    faults_free(&faults);
}

static void all_of_them_is_all_of_them(void **state)
{
    struct faults *faults = faults_new();
    struct fault fault = fault_of(0, "", 0);
    (void)state;
    fault.drop = 1;
    assert_true(faults_set(faults, &fault));
    assert_int_equal(draw(faults, 0).outcome, FAULT_DROP);
    assert_int_equal(draw(faults, 0.999999).outcome, FAULT_DROP);
    faults_free(&faults);
}

static void it_ends_by_itself(void **state)
{
    struct faults *faults = faults_new();
    struct fault fault = fault_of(0, "", 40), out, list[FAULTS_MAX];
    (void)state;
    assert_true(faults_set(faults, &fault));
    assert_int_equal(latency_of(faults, 0, "a:1", 999), 40);
    assert_false(faults_expire(faults, 999, &out));
    assert_int_equal(faults_list(faults, 999, list), 1);
    assert_int_equal(latency_of(faults, 0, "a:1", 1000), 0);
    assert_int_equal(faults_list(faults, 1000, list), 0);
    assert_true(faults_expire(faults, 1000, &out));
    assert_int_equal(out.latency, 40);
    assert_false(faults_expire(faults, 1000, &out));
    assert_false(faults_has_any(faults));
    faults_free(&faults);
}

static void a_second_one_takes_the_place_of_the_first(void **state)
{
    struct faults *faults = faults_new();
    struct fault first = fault_of(0, "a:1", 40), second = fault_of(0, "a:1", 50), list[FAULTS_MAX];
    (void)state;
    assert_true(faults_set(faults, &first));
    assert_true(faults_set(faults, &second));
    assert_int_equal(faults_list(faults, 0, list), 1);
    assert_int_equal(list[0].latency, 50);
    faults_free(&faults);
}

static void there_is_an_end_to_them(void **state)
{
    struct faults *faults = faults_new();
    (void)state;
    for (size_t i = 0; i < FAULTS_MAX; i++) {
        struct fault fault = fault_of(i, "", 1);
        assert_true(faults_set(faults, &fault));
    }
    struct fault more = fault_of(FAULTS_MAX, "", 1), again = fault_of(3, "", 2);
    assert_false(faults_set(faults, &more));
    assert_true(faults_set(faults, &again));
    faults_free(&faults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fault_befalls_its_compartment_alone),
        cmocka_unit_test(that_of_a_server_goes_before_that_of_all),
        cmocka_unit_test(shares_of_requests_fail_and_are_lost),
        cmocka_unit_test(all_of_them_is_all_of_them),
        cmocka_unit_test(it_ends_by_itself),
        cmocka_unit_test(a_second_one_takes_the_place_of_the_first),
        cmocka_unit_test(there_is_an_end_to_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
