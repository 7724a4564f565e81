#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "base/backoff.h"

static void without_luck_the_wait_doubles_up_to_the_most(void **state)
{
    static const msec_t waits[] = {100, 200, 400, 800, 1000, 1000, 1000};
    (void)state;
    struct backoff backoff = {.first = 100, .most = 1000};
    for (size_t i = 0; i < countof(waits); i++)
        assert_int_equal(backoff_wait(&backoff, 0), waits[i]);
}

static void chance_takes_off_half_at_the_most(void **state)
{
    static const struct {
        uint32_t random;
        msec_t wait;
    } rows[] = {{0, 100}, {1, 99}, {50, 50}, {51, 100}, {UINT32_MAX, 100 - UINT32_MAX % 51}};
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct backoff backoff = {.first = 100, .most = 1000};
        assert_int_equal(backoff_wait(&backoff, rows[i].random), rows[i].wait);
    }
}

static void every_wait_is_within_its_half_whatever_the_chance(void **state)
{
    (void)state;
    uint32_t random = 1;
    for (msec_t first = 1; first < 70; first++) {
        struct backoff backoff = {.first = first, .most = 5000};
        for (msec_t full = first, i = 0; i<12; i++, full = full * 2> 5000 ? 5000 : full * 2) {
            msec_t wait = backoff_wait(&backoff, random = random * 1664525 + 1013904223);
            assert_in_range(wait, full - full / 2, full);
        }
    }
}

static void chance_does_not_slow_the_doubling(void **state)
{
    (void)state;
    struct backoff backoff = {.first = 100, .most = 1000};
    assert_int_equal(backoff_wait(&backoff, 50), 50);
    assert_int_equal(backoff_wait(&backoff, 0), 200);
}

static void a_success_starts_it_over(void **state)
{
    (void)state;
    struct backoff backoff = {.first = 100, .most = 1000};
    for (int i = 0; i < 5; i++)
        backoff_wait(&backoff, 0);
    backoff_reset(&backoff);
    assert_int_equal(backoff_wait(&backoff, 0), 100);
    assert_int_equal(backoff_wait(&backoff, 0), 200);
}

static void one_millisecond_is_never_halved_to_none(void **state)
{
    (void)state;
    for (uint32_t random = 0; random < 10; random++) {
        struct backoff backoff = {.first = 1, .most = 1};
        assert_int_equal(backoff_wait(&backoff, random), 1);
        assert_int_equal(backoff_wait(&backoff, random), 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_luck_the_wait_doubles_up_to_the_most),
        cmocka_unit_test(chance_takes_off_half_at_the_most),
        cmocka_unit_test(every_wait_is_within_its_half_whatever_the_chance),
        cmocka_unit_test(chance_does_not_slow_the_doubling),
        cmocka_unit_test(a_success_starts_it_over),
        cmocka_unit_test(one_millisecond_is_never_halved_to_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
