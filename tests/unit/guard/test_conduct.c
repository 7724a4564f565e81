#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "guard/fleet/conduct.h"

/* What only a race of two loops comes to; all else is seen through the pool. */

enum { LEASE = 100 };

static void a_lease_that_is_held_is_nobody_elses(void **state)
{
    struct conduct conduct = {0};
    (void)state;
    assert_true(conduct_take_lease(&conduct, LEASE, 10));
    for (msec_t now = 0; now < 10 + LEASE; now++)
        assert_false(conduct_take_lease(&conduct, LEASE, now));
    assert_true(conduct_take_lease(&conduct, LEASE, 10 + LEASE));
}

static void a_lease_is_ended_by_who_took_it(void **state)
{
    struct conduct conduct = {0};
    (void)state;
    assert_true(conduct_take_lease(&conduct, LEASE, 10));
    conduct_end_lease(&conduct, LEASE, 9);
    conduct_end_lease(&conduct, LEASE, 11);
    assert_int_equal(conduct_leased_for(&conduct, 20), LEASE - 10);
    conduct_end_lease(&conduct, LEASE, 10);
    assert_int_equal(conduct_leased_for(&conduct, 20), 0);
    assert_true(conduct_take_lease(&conduct, LEASE, 20));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lease_that_is_held_is_nobody_elses),
        cmocka_unit_test(a_lease_is_ended_by_who_took_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
