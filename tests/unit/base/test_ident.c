#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "base/clock.h"
#include "base/ident.h"

static void assert_text(struct uuid uuid, const char *expected)
{
    char text[UUID_TEXT_SIZE];
    uuid_format(&uuid, text);
    assert_string_equal(text, expected);
}

static void the_example_of_rfc_9562_comes_out_to_the_bit(void **state)
{
    (void)state;
    assert_text(uuid_from(0x017F22E279B0, 0xCC3, 0x18C4DC0C0C07398F),
                "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

static void version_and_variant_survive_any_bits(void **state)
{
    static const struct {
        int64_t wall_ms;
        uint64_t high, low;
        const char *text;
    } rows[] = {
        {0, 0, 0, "00000000-0000-7000-8000-000000000000"},
        {0xFFFFFFFFFFFF, UINT64_MAX, UINT64_MAX, "ffffffff-ffff-7fff-bfff-ffffffffffff"},
        {1, 0x1000, 0xC000000000000001, "00000000-0001-7000-8000-000000000001"},
        {0x0123456789AB, 0xDEF, 0x0123456789ABCDEF, "01234567-89ab-7def-8123-456789abcdef"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_text(uuid_from(rows[i].wall_ms, rows[i].high, rows[i].low), rows[i].text);
}

static void the_later_born_sorts_behind(void **state)
{
    (void)state;
    struct uuid old = uuid_from(0x0100, 0xFFF, UINT64_MAX);
    struct uuid young = uuid_from(0x0101, 0, 0);
    assert_true(memcmp(&old, &young, sizeof(old)) < 0);
}

static void a_new_one_carries_the_time_of_its_birth(void **state)
{
    (void)state;
    int64_t before = clock_wall_ms();
    struct uuid uuid = uuid_new();
    int64_t after = clock_wall_ms(), born = 0;
    for (int i = 0; i < 6; i++)
        born = born << 8 | uuid.bytes[i];
    assert_in_range(born, before, after);
    assert_int_equal(uuid.bytes[6] >> 4, 7);
    assert_int_equal(uuid.bytes[8] >> 6, 2);
}

static void births_within_a_millisecond_sort_too(void **state)
{
    (void)state;
    struct uuid before = uuid_new();
    bool was_told_apart = false;
    for (int i = 0; i < 10000; i++) {
        struct uuid uuid = uuid_new();
        assert_true(memcmp(&before, &uuid, 8) <= 0);
        was_told_apart |= memcmp(&before, &uuid, 6) == 0 && memcmp(&before, &uuid, 8) < 0;
        before = uuid;
    }
    assert_true(was_told_apart);
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct uuid));
}

static void no_two_new_ones_are_equal(void **state)
{
    (void)state;
    static struct uuid uuids[10000];
    for (size_t i = 0; i < countof(uuids); i++)
        uuids[i] = uuid_new();
    qsort(uuids, countof(uuids), sizeof(uuids[0]), compare);
    for (size_t i = 1; i < countof(uuids); i++)
        assert_memory_not_equal(&uuids[i - 1], &uuids[i], sizeof(uuids[0]));
}

static void a_text_comes_back_in_lower_case(void **state)
{
    static const struct {
        const char *given, *written;
    } rows[] = {
        {"017f22e2-79b0-7cc3-98c4-dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"},
        {"017F22E2-79B0-7CC3-98C4-DC0C0C07398F", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"},
        {"C232AB00-9414-11EC-b3c8-9F6BDECED846", "c232ab00-9414-11ec-b3c8-9f6bdeced846"},
        {"919108f7-52d1-4320-9bac-f847db4148a8", "919108f7-52d1-4320-9bac-f847db4148a8"},
        {"00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000000"},
        {"ffffffff-ffff-ffff-ffff-ffffffffffff", "ffffffff-ffff-ffff-ffff-ffffffffffff"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct uuid uuid;
        assert_true(uuid_parse(str_from(rows[i].given), &uuid));
        assert_text(uuid, rows[i].written);
    }
}

static void any_other_form_is_refused(void **state)
{
    static const char *const rows[] = {
        "",
        "-",
        "017f22e279b07cc398c4dc0c0c07398f",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
        "{017f22e2-79b0-7cc3-98c4-dc0c0c07398}",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398G",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398@",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398`",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398/",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398:",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398 ",
        " 17f22e2-79b0-7cc3-98c4-dc0c0c07398f",
        "017f22e2 79b0-7cc3-98c4-dc0c0c07398f",
        "017f22e2079b0-7cc3-98c4-dc0c0c07398f",
        "017f22e-279b0-7cc3-98c4-dc0c0c07398f",
        "017f22e2-79b0-7cc3-98c4--c0c0c07398f",
        "017f22e2-79b0-7cc3-98c4-dc0c0c0739\xc3\xa9",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398\x10",
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct uuid uuid;
        if (uuid_parse(str_from(rows[i]), &uuid))
            fail_msg("\"%s\" was accepted", rows[i]);
    }
    struct uuid uuid;
    assert_false(uuid_parse(STR("017f22e2-79b0-7cc3-98c4-dc0c0c0739\0008"), &uuid));
}

static void every_random_bit_is_sometimes_set_and_sometimes_not(void **state)
{
    (void)state;
    uint64_t ever = 0, always = UINT64_MAX;
    for (int i = 0; i < 200; i++) {
        uint64_t bits = ident_random();
        ever |= bits;
        always &= bits;
    }
    assert_true(ever == UINT64_MAX);
    assert_true(always == 0);
}

/* Whatever the ids differ in: numbers of one millisecond, or only their time. */
static void hashes_of_ids_that_are_alike_lie_apart(void **state)
{
    enum { IDS = 4096, BUCKETS = 4096 };
    (void)state;
    for (int by_time = 0; by_time < 2; by_time++) {
        uint64_t seed = ident_random();
        unsigned used = 0;
        bool is_used[BUCKETS] = {false};
        for (uint64_t i = 0; i < IDS; i++) {
            struct uuid uuid = by_time ? uuid_from((int64_t)i, 0, 0) : uuid_from(0, 0, i);
            uint64_t bucket = uuid_hash(&uuid, seed) % BUCKETS;
            used += !is_used[bucket];
            is_used[bucket] = true;
        }
        assert_true(used > BUCKETS / 2); /* 63 % is what chance gives */
    }
}

static void another_seed_gives_other_hashes(void **state)
{
    (void)state;
    struct uuid uuid = uuid_new();
    assert_true(uuid_hash(&uuid, 1) == uuid_hash(&uuid, 1));
    assert_true(uuid_hash(&uuid, 1) != uuid_hash(&uuid, 2));
}

static void no_two_words_of_a_well_are_equal(void **state)
{
    enum { DRAWN = 1000 };
    static uint64_t words[DRAWN];
    struct ident_well well = {0};
    (void)state;
    for (size_t i = 0; i < DRAWN; i++) {
        words[i] = ident_draw(&well);
        for (size_t before = 0; before < i; before++)
            assert_true(words[before] != words[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_rfc_9562_comes_out_to_the_bit),
        cmocka_unit_test(version_and_variant_survive_any_bits),
        cmocka_unit_test(the_later_born_sorts_behind),
        cmocka_unit_test(a_new_one_carries_the_time_of_its_birth),
        cmocka_unit_test(births_within_a_millisecond_sort_too),
        cmocka_unit_test(no_two_new_ones_are_equal),
        cmocka_unit_test(a_text_comes_back_in_lower_case),
        cmocka_unit_test(any_other_form_is_refused),
        cmocka_unit_test(hashes_of_ids_that_are_alike_lie_apart),
        cmocka_unit_test(another_seed_gives_other_hashes),
        cmocka_unit_test(no_two_words_of_a_well_are_equal),
        cmocka_unit_test(every_random_bit_is_sometimes_set_and_sometimes_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
