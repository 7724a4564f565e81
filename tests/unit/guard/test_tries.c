#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "guard/tries.h"

/* "read: broken,1 → another; …": how each try ended, whether a server was left to ask, what came
 * of it. */
struct step {
    enum try_end end;
    bool has_another;
    enum try_next next;
};

static void follow(bool is_write, const struct step *steps)
{
    struct tries tries = {.is_write = is_write};
    for (const struct step *step = steps;; step++) {
        tries.started++;
        enum try_next next = tries_next(&tries, step->end, step->has_another);
        assert_int_equal(next, step->next);
        if (next == TRY_PASS_ON || next == TRY_FAIL)
            return;
        tries.again++;
    }
}

static void a_read_is_asked_for_once_more(void **state)
{
    (void)state;
    follow(false, (struct step[]){{TRY_ANSWERED, true, TRY_PASS_ON}});
    follow(false,
           (struct step[]){{TRY_UNSENT, true, TRY_ANOTHER}, {TRY_ANSWERED, true, TRY_PASS_ON}});
    follow(false, (struct step[]){{TRY_BROKEN, true, TRY_ANOTHER}, {TRY_BROKEN, true, TRY_FAIL}});
    follow(false,
           (struct step[]){{TRY_REFUSED, true, TRY_ANOTHER}, {TRY_REFUSED, true, TRY_PASS_ON}});
    follow(false,
           (struct step[]){{TRY_BROKEN, true, TRY_ANOTHER}, {TRY_REFUSED, true, TRY_PASS_ON}});
    follow(false, (struct step[]){{TRY_BROKEN, false, TRY_FAIL}});
    follow(false, (struct step[]){{TRY_REFUSED, false, TRY_PASS_ON}});
}

static void a_write_that_arrived_nowhere_is_tried_at_every_server(void **state)
{
    (void)state;
    follow(true, (struct step[]){{TRY_UNSENT, true, TRY_ANOTHER},
                                 {TRY_UNSENT, true, TRY_ANOTHER},
                                 {TRY_UNSENT, false, TRY_FAIL}});
    follow(true,
           (struct step[]){{TRY_REFUSED, true, TRY_ANOTHER}, {TRY_REFUSED, false, TRY_PASS_ON}});
}

static void a_write_that_may_have_arrived_is_asked_until_somebody_knows(void **state)
{
    (void)state;
    follow(true, (struct step[]){{TRY_BROKEN, true, TRY_ANOTHER},
                                 {TRY_UNSENT, false, TRY_PAUSE},
                                 {TRY_REFUSED, false, TRY_PAUSE},
                                 {TRY_RUNNING, true, TRY_PAUSE},
                                 {TRY_UNCERTAIN, true, TRY_ANOTHER},
                                 {TRY_ANSWERED, false, TRY_PASS_ON}});
    follow(true,
           (struct step[]){{TRY_UNCERTAIN, false, TRY_PAUSE}, {TRY_ANSWERED, true, TRY_PASS_ON}});
}

static void a_clients_own_request_that_runs_elsewhere_is_told_so(void **state)
{
    (void)state;
    follow(true, (struct step[]){{TRY_RUNNING, true, TRY_PASS_ON}});
}

static void a_refusal_is_not_the_last_word_on_a_write_that_may_have_arrived(void **state)
{
    (void)state;
    struct tries write = {.is_write = true}, arrived = {.is_write = true, .may_have_arrived = true};
    struct tries read = {.may_have_arrived = true};
    assert_int_equal(tries_last(&write, TRY_REFUSED), TRY_PASS_ON);
    assert_int_equal(tries_last(&arrived, TRY_REFUSED), TRY_FAIL);
    assert_int_equal(tries_last(&arrived, TRY_RUNNING), TRY_FAIL);
    assert_int_equal(tries_last(&arrived, TRY_ANSWERED), TRY_PASS_ON);
    assert_int_equal(tries_last(&read, TRY_REFUSED), TRY_PASS_ON);
    assert_int_equal(tries_last(&write, TRY_UNCERTAIN), TRY_FAIL);
    assert_int_equal(tries_last(&read, TRY_UNCERTAIN), TRY_PASS_ON);
    assert_int_equal(tries_last(&read, TRY_BROKEN), TRY_FAIL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_read_is_asked_for_once_more),
        cmocka_unit_test(a_write_that_arrived_nowhere_is_tried_at_every_server),
        cmocka_unit_test(a_write_that_may_have_arrived_is_asked_until_somebody_knows),
        cmocka_unit_test(a_clients_own_request_that_runs_elsewhere_is_told_so),
        cmocka_unit_test(a_refusal_is_not_the_last_word_on_a_write_that_may_have_arrived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
