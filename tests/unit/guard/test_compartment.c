#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "guard/compartment.h"

static unsigned admit_until_refused(struct compartment *compartment)
{
    unsigned admitted = 0;
    while (compartment_admit(compartment) == STATUS_OK)
        admitted++;
    return admitted;
}

static void as_many_are_in_flight_as_the_limit_says(void **state)
{
    static const unsigned limits[] = {0, 1, 2, 3, 64};
    (void)state;
    for (size_t i = 0; i < countof(limits); i++) {
        struct compartment compartment = {.limit = limits[i]};
        assert_int_equal(admit_until_refused(&compartment), limits[i]);
        assert_int_equal(compartment.in_flight, limits[i]);
        assert_int_equal(compartment_admit(&compartment), STATUS_QUEUE_FULL);
    }
}

static void whoever_was_refused_holds_no_permit(void **state)
{
    (void)state;
    struct compartment compartment = {.limit = 1};
    assert_int_equal(compartment_admit(&compartment), STATUS_OK);
    for (int i = 0; i < 5; i++)
        assert_int_equal(compartment_admit(&compartment), STATUS_QUEUE_FULL);
    assert_int_equal(compartment.in_flight, 1);
}

static void each_release_makes_room_for_one(void **state)
{
    (void)state;
    struct compartment compartment = {.limit = 3};
    for (unsigned released = 1; released <= 3; released++) {
        admit_until_refused(&compartment);
        for (unsigned i = 0; i < released; i++)
            compartment_release(&compartment);
        assert_int_equal(compartment.in_flight, 3 - released);
        assert_int_equal(admit_until_refused(&compartment), released);
    }
}

static void a_loops_share_is_an_even_part_and_at_least_one(void **state)
{
    static const struct {
        unsigned limit, loops, share;
    } rows[] = {
        {128, 1, 128}, {128, 4, 32}, {7, 2, 3}, {8, 2, 4}, {5, 4, 1},
        {4, 4, 1},     {1, 4, 1},    {0, 4, 1}, {2, 1, 2}, {65536, 256, 256},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_int_equal(compartment_share(rows[i].limit, rows[i].loops), rows[i].share);
}

static void all_shares_together_stay_within_the_limit(void **state)
{
    (void)state;
    for (unsigned loops = 1; loops <= 16; loops++)
        for (unsigned limit = loops; limit <= 70; limit++)
            assert_in_range(compartment_share(limit, loops) * loops, loops, limit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_many_are_in_flight_as_the_limit_says),
        cmocka_unit_test(whoever_was_refused_holds_no_permit),
        cmocka_unit_test(each_release_makes_room_for_one),
        cmocka_unit_test(a_loops_share_is_an_even_part_and_at_least_one),
        cmocka_unit_test(all_shares_together_stay_within_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
