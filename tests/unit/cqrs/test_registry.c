#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>
#include <stdio.h>

#include "cqrs/replication/relay/registry.h"

/* One report heard of a registry of epoch "e". */
static void hear(struct registry *registry, const char *name, const char *report, msec_t now)
{
    registry_hear(registry, str_from(name), str_from(report), STR("e"), now);
}

static uint64_t slowest(const struct registry *registry)
{
    struct position position = {0};
    assert_true(registry_slowest(registry, &position));
    return position.commit;
}

static void a_malformed_report_is_ignored(void **state)
{
    static const char name_of_64[] =
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    static char report_of_160[REGISTRY_REPORT_SIZE + 1] = "7-0 e ";
    static const char *const rows[][2] = {
        {"", "7-0 e 1"},     {name_of_64, "7-0 e 1"}, {"a", ""},        {"a", " "},
        {"a", "7 e 1"},      {"a", "7- e 1"},         {"a", "x e 1"},   {"a", " 7-0 e 1"},
        {"a", "7-0"},        {"a", "7-0 "},           {"a", "7-0 f 1"}, {"a", "7-0 ee 1"},
        {"a", "7-0  e 1"},   {"a", "7-0 E 1"},        {"a", "e 7-0 1"}, {"a", "7-0,e,1"},
        {"a", report_of_160}};
    (void)state;
    struct registry registry = {0};
    struct position position;
    memset(report_of_160 + 6, '1', REGISTRY_REPORT_SIZE - 6);
    for (size_t i = 0; i < countof(rows); i++) {
        hear(&registry, rows[i][0], rows[i][1], 0);
        if (registry.count != 0)
            fail_msg("\"%s\" of \"%s\" was taken", rows[i][1], rows[i][0]);
    }
    assert_false(registry_slowest(&registry, &position));
    hear(&registry, name_of_64 + 1, report_of_160 + 1, 0); /* " e" is no longer there */
    assert_int_equal(registry.count, 0);
    report_of_160[REGISTRY_REPORT_SIZE - 1] = '\0';
    hear(&registry, name_of_64 + 1, report_of_160, 0);
    assert_int_equal(registry.count, 1);
}

static void the_slowest_of_all_decides(void **state)
{
    static const struct {
        const char *reports[4];
        uint64_t commit, index;
    } rows[] = {
        {{"5-3 e 1"}, 5, 3},
        {{"5-3 e 1", "4-9 e 1"}, 4, 9},
        {{"4-9 e 1", "5-3 e 1"}, 4, 9},
        {{"4-9 e 1", "4-8 e 1", "4-10 e 1"}, 4, 8},
        {{"9-0 e 1", "7-0 e 1", "8-0 e 1", "10-0 e 1"}, 7, 0},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct registry registry = {0};
        struct position position = {0};
        for (size_t r = 0; r < 4 && rows[i].reports[r] != NULL; r++)
            hear(&registry, (const char[]){(char)('a' + r), '\0'}, rows[i].reports[r], 0);
        assert_true(registry_slowest(&registry, &position));
        assert_true(position.commit == rows[i].commit && position.index == rows[i].index);
    }
}

static void the_last_report_of_a_replica_is_the_one_that_counts(void **state)
{
    (void)state;
    struct registry registry = {0};
    hear(&registry, "a", "5-0 e 1", 0);
    hear(&registry, "b", "9-0 e 1", 0);
    hear(&registry, "a", "7-0 e 2", 0);
    assert_int_equal(registry.count, 2);
    assert_int_equal(slowest(&registry), 7);
    hear(&registry, "a", "6-0 e 3", 0); /* it may have started anew */
    assert_int_equal(slowest(&registry), 6);
    hear(&registry, "a", "8-0 f 4", 0);
    assert_int_equal(slowest(&registry), 6);
}

/* Of 1000 ms of retention. */
static void only_a_report_that_changes_is_a_sign_of_life(void **state)
{
    static const struct {
        const char *second;
        msec_t alive_until;
    } rows[] = {{"5-0 e 1", 1000}, {"5-0 e 2", 1600}, {"6-0 e 1", 1600},
                {"5-0 e", 1600},   {"5-0 f 2", 1000}, {"nonsense", 1000}};
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct registry registry = {0};
        hear(&registry, "a", "5-0 e 1", 0);
        hear(&registry, "a", rows[i].second, 600);
        assert_null(registry_drop_silent(&registry, rows[i].alive_until, 1000));
        assert_string_equal(registry_drop_silent(&registry, rows[i].alive_until + 1, 1000), "a");
        assert_int_equal(registry.count, 0);
    }
}

static void the_silent_are_dropped_one_by_one_by_name(void **state)
{
    static const char *const names[] = {"a", "b", "c", "d"};
    (void)state;
    for (unsigned silent = 0; silent < 16; silent++) { /* a bit for each */
        struct registry registry = {0};
        unsigned gone = 0;
        for (size_t i = 0; i < countof(names); i++)
            hear(&registry, names[i], "5-0 e 1", silent >> i & 1 ? 0 : 500);
        for (const char *name; (name = registry_drop_silent(&registry, 1400, 1000)) != NULL;) {
            assert_false(gone >> (name[0] - 'a') & 1);
            gone |= 1U << (name[0] - 'a');
        }
        assert_int_equal(gone, silent);
        for (size_t i = 0; i < registry.count; i++)
            assert_false(silent >> (registry.replicas[i].name[0] - 'a') & 1);
        assert_int_equal(registry.count, 4 - (size_t)__builtin_popcount(silent));
    }
}

static void one_that_was_dropped_may_come_back(void **state)
{
    (void)state;
    struct registry registry = {0};
    hear(&registry, "a", "5-0 e 1", 0);
    assert_non_null(registry_drop_silent(&registry, 2000, 1000));
    hear(&registry, "a", "5-0 e 1", 2000); /* the very same: but nobody remembers it */
    assert_int_equal(slowest(&registry), 5);
    assert_null(registry_drop_silent(&registry, 3000, 1000));
}

static void one_replica_too_many_is_ignored_until_another_is_gone(void **state)
{
    (void)state;
    struct registry registry = {0};
    for (int i = 0; i < REGISTRY_MAX + 3; i++) {
        char name[16];
        snprintf(name, sizeof(name), "replica-%d", i);
        hear(&registry, name, "5-0 e 1", i == 40 ? 0 : 1000);
    }
    assert_int_equal(registry.count, REGISTRY_MAX);
    hear(&registry, "replica-63", "4-0 e 2", 1000); /* known ones are still heard */
    assert_int_equal(slowest(&registry), 4);
    hear(&registry, "late", "3-0 e 1", 1000);
    assert_int_equal(slowest(&registry), 4);
    assert_string_equal(registry_drop_silent(&registry, 1500, 1000), "replica-40");
    hear(&registry, "late", "3-0 e 1", 1000);
    assert_int_equal(registry.count, REGISTRY_MAX);
    assert_int_equal(slowest(&registry), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_malformed_report_is_ignored),
        cmocka_unit_test(the_slowest_of_all_decides),
        cmocka_unit_test(the_last_report_of_a_replica_is_the_one_that_counts),
        cmocka_unit_test(only_a_report_that_changes_is_a_sign_of_life),
        cmocka_unit_test(the_silent_are_dropped_one_by_one_by_name),
        cmocka_unit_test(one_that_was_dropped_may_come_back),
        cmocka_unit_test(one_replica_too_many_is_ignored_until_another_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
