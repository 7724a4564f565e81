#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "base/metric.h"

/* Registries live as long as the process; kept here, they do not count as lost memory. */
static struct metrics *registries[16];
static size_t registry_count;

static struct metrics *fresh(void)
{
    assert_true(registry_count < countof(registries));
    return registries[registry_count++] = metrics_new();
}

static void assert_text(struct metrics *metrics, const char *expected)
{
    struct buf out = {0};
    buf_append_text(&out, "");
    metrics_write(metrics, &out);
    bool as_told = strcmp(out.ptr, expected) == 0;
    if (!as_told)
        print_error("%s", out.ptr);
    buf_free(&out);
    assert_true(as_told);
}

static void an_empty_registry_writes_nothing(void **state)
{
    (void)state;
    assert_text(fresh(), "");
}

static void the_same_name_and_labels_are_the_same_metric(void **state)
{
    (void)state;
    struct metrics *metrics = fresh();
    char labels[] = "role=\"read\"";
    struct metric *first = metric_get(metrics, METRIC_KIND_COUNTER, "hits", "Hits.", labels);
    labels[6] = 'd';
    assert_string_equal(first->labels, "role=\"read\"");
    assert_ptr_equal(metric_get(metrics, METRIC_KIND_COUNTER, "hits", "", "role=\"read\""), first);
    assert_ptr_not_equal(metric_get(metrics, METRIC_KIND_COUNTER, "hits", "", labels), first);
    assert_ptr_not_equal(metric_get(metrics, METRIC_KIND_COUNTER, "hits", "", ""), first);
    assert_ptr_not_equal(metric_get(metrics, METRIC_KIND_COUNTER, "hit", "", labels), first);
}

static void counters_add_and_gauges_move_both_ways(void **state)
{
    (void)state;
    struct metrics *metrics = fresh();
    struct metric *counter = metric_get(metrics, METRIC_KIND_COUNTER, "c_total", "Count.", "");
    struct metric *gauge = metric_get(metrics, METRIC_KIND_GAUGE, "g", "Level.", "a=\"b\"");
    metric_add(counter, 1);
    metric_add(counter, 41);
    metric_set(gauge, 10);
    metric_add(gauge, -13);
    assert_int_equal(metric_read(counter), 42);
    assert_int_equal(metric_read(gauge), -3);
    assert_text(metrics, "# HELP c_total Count.\n# TYPE c_total counter\nc_total 42\n"
                         "# HELP g Level.\n# TYPE g gauge\ng{a=\"b\"} -3\n");
}

static void metrics_of_one_name_stand_together_under_one_heading(void **state)
{
    (void)state;
    struct metrics *metrics = fresh();
    metric_add(metric_get(metrics, METRIC_KIND_COUNTER, "a", "A.", "x=\"1\""), 1);
    metric_add(metric_get(metrics, METRIC_KIND_COUNTER, "b", "B.", ""), 2);
    metric_add(metric_get(metrics, METRIC_KIND_COUNTER, "a", "A.", "x=\"2\""), 3);
    metric_add(metric_get(metrics, METRIC_KIND_COUNTER, "ab", "AB.", ""), 4);
    assert_text(metrics, "# HELP a A.\n# TYPE a counter\na{x=\"1\"} 1\na{x=\"2\"} 3\n"
                         "# HELP b B.\n# TYPE b counter\nb 2\n"
                         "# HELP ab AB.\n# TYPE ab counter\nab 4\n");
}

static void what_is_hidden_is_not_written_until_it_is_shown_again(void **state)
{
    struct metrics *metrics = fresh();
    struct metric *gone = metric_get(metrics, METRIC_KIND_GAUGE, "m_up", "Up", "server=\"a\"");
    struct metric *there = metric_get(metrics, METRIC_KIND_GAUGE, "m_up", "Up", "server=\"b\"");
    (void)state;
    metric_set(gone, 1);
    metric_set(there, 1);
    metric_hide(gone);
    assert_text(metrics, "# HELP m_up Up\n# TYPE m_up gauge\nm_up{server=\"b\"} 1\n");
    metric_show(gone, 0);
    assert_text(metrics, "# HELP m_up Up\n# TYPE m_up gauge\n"
                         "m_up{server=\"a\"} 0\nm_up{server=\"b\"} 1\n");
}

static void an_observation_falls_into_the_bucket_that_still_holds_it(void **state)
{
    static const struct {
        int64_t microseconds;
        size_t bucket;
    } rows[] = {
        {0, 0},
        {100, 0},
        {101, 1},
        {250, 1},
        {251, 2},
        {10000000, METRIC_BUCKETS - 2},
        {10000001, METRIC_BUCKETS - 1},
        {INT32_MAX, METRIC_BUCKETS - 1},
    };
    (void)state;
    struct metrics *metrics = fresh();
    struct metric *metric = metric_get(metrics, METRIC_KIND_HISTOGRAM, "h", "H.", "");
    for (size_t i = 0; i < countof(rows); i++) {
        int64_t before = metric->buckets[rows[i].bucket];
        metric_observe(metric, rows[i].microseconds);
        assert_int_equal(metric->buckets[rows[i].bucket], before + 1);
    }
}

/* The number behind `line`, which must be there. */
static double value_of(const char *text, const char *line)
{
    const char *at = strstr(text, line);
    if (at == NULL)
        fail_msg("no %s in\n%s", line, text);
    return strtod(at + strlen(line), NULL);
}

static void a_histogram_is_cumulative_in_seconds_and_sums_up(void **state)
{
    (void)state;
    struct metrics *metrics = fresh();
    struct buf out = {0};
    struct metric *metric = metric_get(metrics, METRIC_KIND_HISTOGRAM, "h", "H.", "x=\"1\"");
    metric_observe(metric, 50);
    metric_observe(metric, 900);
    metric_observe(metric, 20000000);
    metrics_write(metrics, &out);
    assert_non_null(strstr(out.ptr, "# TYPE h histogram\n"));
    assert_true(value_of(out.ptr, "\nh_bucket{x=\"1\",le=\"0.0001\"} ") == 1);
    assert_true(value_of(out.ptr, "\nh_bucket{x=\"1\",le=\"0.0005\"} ") == 1);
    assert_true(value_of(out.ptr, "\nh_bucket{x=\"1\",le=\"0.001\"} ") == 2);
    assert_true(value_of(out.ptr, "\nh_bucket{x=\"1\",le=\"10\"} ") == 2);
    assert_true(value_of(out.ptr, "\nh_bucket{x=\"1\",le=\"+Inf\"} ") == 3);
    assert_true(value_of(out.ptr, "\nh_sum{x=\"1\"} ") == 20.00095);
    assert_true(value_of(out.ptr, "\nh_count{x=\"1\"} ") == 3);
    buf_free(&out);
}

static void the_bounds_of_a_histogram_rise(void **state)
{
    (void)state;
    struct metrics *metrics = fresh();
    struct buf out = {0};
    metric_get(metrics, METRIC_KIND_HISTOGRAM, "h", "H.", "");
    metrics_write(metrics, &out);
    double before = 0;
    int buckets = 0;
    for (const char *at = out.ptr; (at = strstr(at, "h_bucket{le=\"")) != NULL; buckets++) {
        at += strlen("h_bucket{le=\"");
        assert_true(strtod(at, NULL) > before);
        before = strtod(at, NULL);
    }
    assert_int_equal(buckets, METRIC_BUCKETS);
    assert_non_null(strstr(out.ptr, "\nh_sum 0.000000\nh_count 0\n"));
    buf_free(&out);
}

enum { THREADS = 4, ROUNDS = 20000 };

static void *count_along(void *metrics)
{
    struct metric *counter = metric_get(metrics, METRIC_KIND_COUNTER, "c", "C.", "");
    struct metric *histogram = metric_get(metrics, METRIC_KIND_HISTOGRAM, "h", "H.", "");
    for (int i = 0; i < ROUNDS; i++) {
        metric_add(counter, 1);
        metric_observe(histogram, 1);
    }
    return NULL;
}

static void threads_lose_no_count(void **state)
{
    (void)state;
    struct metrics *metrics = fresh();
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_along, metrics), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    struct metric *counter = metric_get(metrics, METRIC_KIND_COUNTER, "c", "C.", "");
    struct metric *histogram = metric_get(metrics, METRIC_KIND_HISTOGRAM, "h", "H.", "");
    assert_int_equal(metric_read(counter), THREADS * ROUNDS);
    assert_int_equal(histogram->buckets[0], THREADS * ROUNDS);
    assert_int_equal(metric_read(histogram), THREADS * ROUNDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_registry_writes_nothing),
        cmocka_unit_test(the_same_name_and_labels_are_the_same_metric),
        cmocka_unit_test(counters_add_and_gauges_move_both_ways),
        cmocka_unit_test(metrics_of_one_name_stand_together_under_one_heading),
        cmocka_unit_test(what_is_hidden_is_not_written_until_it_is_shown_again),
        cmocka_unit_test(an_observation_falls_into_the_bucket_that_still_holds_it),
        cmocka_unit_test(a_histogram_is_cumulative_in_seconds_and_sums_up),
        cmocka_unit_test(the_bounds_of_a_histogram_rise),
        cmocka_unit_test(threads_lose_no_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
