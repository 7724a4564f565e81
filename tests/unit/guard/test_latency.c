#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>
#include <math.h>

#include "guard/latency.h"

enum { COUNT = 2000 };

static int by_size(const void *a, const void *b)
{
    int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;
    return (one > other) - (one < other);
}

static double chance(unsigned *seed)
{
    return (rand_r(seed) + 1.0) / (RAND_MAX + 2.0);
}

static int64_t even(unsigned *seed)
{
    return (int64_t)(chance(seed) * 50000);
}

static int64_t exponential(unsigned *seed)
{
    return (int64_t)(-log(chance(seed)) * 3000);
}

static int64_t heavy_tail(unsigned *seed)
{
    return (int64_t)(100 / pow(chance(seed), 1.2));
}

static int64_t two_kinds(unsigned *seed)
{
    return chance(seed) < 0.9 ? 200 : 2000000;
}

static int64_t none(unsigned *seed)
{
    (void)seed;
    return 0;
}

static void quantiles_are_exact_but_for_an_eighth_and_never_too_low(void **state)
{
    static int64_t (*const kinds[])(unsigned *) = {even, exponential, heavy_tail, two_kinds, none};
    static const unsigned per_mille[] = {1, 100, 500, 900, 950, 990, 1000};
    unsigned seed = 1;
    (void)state;
    for (size_t kind = 0; kind < countof(kinds); kind++) {
        struct latency latency = {0};
        int64_t values[COUNT];
        for (size_t i = 0; i < COUNT; i++)
            latency_note(&latency, values[i] = kinds[kind](&seed), 777);
        qsort(values, COUNT, sizeof(values[0]), by_size);
        for (size_t i = 0; i < countof(per_mille); i++) {
            int64_t exact = values[(COUNT * per_mille[i] + 999) / 1000 - 1];
            assert_in_range(latency_quantile(&latency, per_mille[i], 777), exact,
                            exact + exact / 8);
        }
        assert_int_equal(latency_p95(&latency, 777), latency_quantile(&latency, 950, 777));
    }
}

static void nothing_noted_is_nothing_known(void **state)
{
    struct latency latency = {0};
    (void)state;
    assert_int_equal(latency_p95(&latency, 0), 0);
    assert_int_equal(latency_p95(&latency, 1000000), 0);
    assert_int_equal(latency_quantile(&latency, 1000, 1000000), 0);
}

static void what_is_beyond_all_buckets_is_in_the_last(void **state)
{
    struct latency latency = {0};
    (void)state;
    latency_note(&latency, INT64_MAX, 0);
    latency_note(&latency, -1, 0);
    assert_int_equal(latency_quantile(&latency, 500, 0), 0);
    assert_true(latency_quantile(&latency, 1000, 0) > 130000000);
}

static void what_was_is_remembered_for_a_window_and_forgotten_after_two(void **state)
{
    enum { W = LATENCY_WINDOW_MS };
    static const struct {
        msec_t noted, asked;
        bool is_known;
    } rows[] = {{0, W - 1, true},         {0, W, true},
                {W - 1, 2 * W - 1, true}, {0, 2 * W - 1, true},
                {0, 2 * W, false},        {W - 1, 2 * W, false},
                {W, 3 * W - 1, true},     {W, 3 * W, false},
                {7 * W, 8 * W, true},     {7 * W, 1000 * W, false},
                {7 * W, 1001 * W, false}};
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct latency latency = {0};
        latency_note(&latency, 5, rows[i].noted);
        assert_int_equal(latency_quantile(&latency, 950, rows[i].asked), rows[i].is_known ? 5 : 0);
    }
}

static void what_is_new_replaces_what_was(void **state)
{
    struct latency latency = {0};
    (void)state;
    for (msec_t now = 0; now < 60000; now++)
        latency_note(&latency, now < 30000 ? 7 : 1000, now);
    assert_in_range(latency_p95(&latency, 60000), 1000, 1125);
}

static void the_95th_percentile_is_at_most_a_tenth_of_a_second_old(void **state)
{
    struct latency latency = {0};
    (void)state;
    latency_note(&latency, 3, 1000);
    assert_int_equal(latency_p95(&latency, 1000), 3);
    for (int i = 0; i < 100; i++)
        latency_note(&latency, 6, 1000);
    assert_int_equal(latency_p95(&latency, 1000 + LATENCY_FRESH_MS - 1), 3);
    assert_int_equal(latency_p95(&latency, 1000 + LATENCY_FRESH_MS), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_exact_but_for_an_eighth_and_never_too_low),
        cmocka_unit_test(nothing_noted_is_nothing_known),
        cmocka_unit_test(what_is_beyond_all_buckets_is_in_the_last),
        cmocka_unit_test(what_was_is_remembered_for_a_window_and_forgotten_after_two),
        cmocka_unit_test(what_is_new_replaces_what_was),
        cmocka_unit_test(the_95th_percentile_is_at_most_a_tenth_of_a_second_old),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
