#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>
#include <stdio.h>

#include "guard/fleet/fleet.h"

enum { MINUTE = 60000 };

static const struct fleet_limits two = {.down_after = 2, .up_after = 2};

static int join(struct fleet *fleet, const char *name, msec_t now)
{
    return fleet_join(fleet, str_from(name), 1, FLEET_UP, now);
}

static void assert_name(struct fleet *fleet, int index, const char *expected)
{
    char name[FLEET_NAME_SIZE];
    assert_int_equal(fleet_name(fleet, index, name), fleet_generation(fleet, index));
    assert_string_equal(name, expected);
}

/* Verdicts, a letter each, and what the server is before and after each of them. */
static void verdicts_in_a_row_decide_and_single_ones_do_not(void **state)
{
    static const char state_letters[] = "-NURD", verdict_letters[] = "PRLS";
    static const struct {
        struct fleet_limits limits;
        const char *verdicts, *states;
    } rows[] = {
        {{2, 2}, "P", "NU"},         {{2, 2}, "R", "NR"},
        {{2, 2}, "S", "ND"},         {{2, 2}, "L", "NR"},
        {{2, 2}, "SS", "UUD"},       {{2, 2}, "RR", "UUR"},
        {{2, 2}, "SPSPS", "UUUUUU"}, {{2, 2}, "SPSS", "UUUUD"},
        {{2, 2}, "RSR", "UUDR"},     {{2, 2}, "SSPSPP", "UUDDDDU"},
        {{2, 2}, "SSPRR", "UUDDDR"}, {{2, 2}, "L", "UR"},
        {{2, 2}, "LPP", "URRU"},     {{2, 2}, "LSS", "URDD"},
        {{2, 2}, "PLR", "UURR"},     {{2, 2}, "SSRPP", "UUDRRU"},
        {{2, 2}, "PS", "NUU"},       {{2, 2}, "PSS", "NUUD"},
        {{3, 2}, "SSS", "UUUD"},     {{3, 2}, "SSPSSS", "UUUUUUD"},
        {{2, 3}, "SSPPP", "UUDDDU"}, {{2, 3}, "SSPPSPPP", "UUDDDDDDU"},
        {{1, 1}, "SPRP", "UDURU"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct fleet *fleet = fleet_new(rows[i].limits);
        enum fleet_state first = rows[i].states[0] == 'N' ? FLEET_NEW : FLEET_UP;
        int index = fleet_join(fleet, STR("a:1"), 1, first, 0);
        char said[16] = {rows[i].states[0]};
        for (size_t v = 0; rows[i].verdicts[v] != '\0'; v++) {
            const char *letter = strchr(verdict_letters, rows[i].verdicts[v]);
            fleet_note(fleet, index, (enum fleet_verdict)(letter - verdict_letters), 0);
            said[v + 1] = state_letters[fleet_state(fleet, index)];
        }
        assert_string_equal(said, rows[i].states);
        free(fleet);
    }
}

static void a_server_keeps_its_index_and_its_state_when_it_joins_again(void **state)
{
    (void)state;
    struct fleet *fleet = fleet_new(two);
    for (int i = 0; i < 5; i++) {
        char name[] = {(char)('a' + i), ':', '1', '\0'};
        assert_int_equal(fleet_join(fleet, str_from(name), 1, FLEET_NEW, 0), i);
        assert_name(fleet, i, name);
    }
    fleet_note(fleet, 2, FLEET_SILENT, 0);
    assert_int_equal(fleet_join(fleet, STR("c:1"), 6, FLEET_UP, 1), 2);
    assert_int_equal(fleet_state(fleet, 2), FLEET_DOWN);
    assert_int_equal(fleet_generation(fleet, 2), 1);
    assert_int_equal(fleet_members(fleet, 1), 0x1b);
    assert_int_equal(fleet_members(fleet, 2), 0x04);
    assert_int_equal(fleet_members(fleet, 5), 0x1f);
    assert_int_equal(fleet_members(fleet, 8), 0);
    assert_int_equal(fleet_members(fleet, UINT64_MAX), 0x1f);
    free(fleet);
}

static void a_place_is_nobody_elses_for_a_minute(void **state)
{
    (void)state;
    struct fleet *fleet = fleet_new(two);
    for (int i = 0; i < FLEET_MAX; i++) {
        char name[16];
        snprintf(name, sizeof(name), "a:%d", i);
        assert_int_equal(join(fleet, name, 0), i);
    }
    assert_int_equal(join(fleet, "b:1", 0), FLEET_NONE);
    fleet_leave(fleet, 63, 500);
    fleet_leave(fleet, 7, 1000);
    assert_int_equal(fleet_state(fleet, 7), FLEET_ABSENT);
    assert_int_equal(fleet_members(fleet, 1), INT64_MAX - (1 << 7));
    assert_int_equal(join(fleet, "b:1", 500 + MINUTE - 1), FLEET_NONE);
    assert_int_equal(join(fleet, "b:1", 500 + MINUTE), 63);
    assert_name(fleet, 63, "b:1");
    assert_name(fleet, 7, "a:7");
    assert_int_equal(join(fleet, "c:1", 1000 + MINUTE - 1), FLEET_NONE);
    assert_int_equal(join(fleet, "c:1", 1000 + MINUTE), 7);
    assert_int_equal(fleet_generation(fleet, 7), 2);
    assert_int_equal(fleet_generation(fleet, 8), 1);
    free(fleet);
}

static void one_that_comes_back_has_its_place_again_and_a_new_life(void **state)
{
    (void)state;
    struct fleet *fleet = fleet_new(two);
    join(fleet, "a:1", 0);
    join(fleet, "b:1", 0);
    fleet_note_lag(fleet, 0, 900, 0);
    fleet_note(fleet, 0, FLEET_SILENT, 0);
    fleet_leave(fleet, 0, 1);
    assert_int_equal(fleet_join(fleet, STR("a:1"), 2, FLEET_UP, 2), 0);
    assert_int_equal(fleet_generation(fleet, 0), 2);
    assert_int_equal(fleet_members(fleet, 2), 1);
    assert_int_equal(fleet_lag(fleet, 0, 2), 0);
    fleet_note(fleet, 0, FLEET_SILENT, 3);
    assert_int_equal(fleet_state(fleet, 0), FLEET_UP); /* the verdict before was another life's */
    free(fleet);
}

static void of_one_that_has_left_a_verdict_is_nothing(void **state)
{
    (void)state;
    struct fleet *fleet = fleet_new(two);
    int index = join(fleet, "a:1", 0);
    fleet_leave(fleet, index, 0);
    for (enum fleet_verdict verdict = FLEET_PASSED; verdict <= FLEET_SILENT; verdict++) {
        fleet_note(fleet, index, verdict, 0);
        fleet_note(fleet, index, verdict, 0);
        assert_int_equal(fleet_state(fleet, index), FLEET_ABSENT);
    }
    free(fleet);
}

static void a_name_that_does_not_fit_is_not_taken(void **state)
{
    (void)state;
    struct fleet *fleet = fleet_new(two);
    char name[FLEET_NAME_SIZE + 1];
    memset(name, 'x', sizeof(name));
    for (size_t len = 0; len < sizeof(name); len++) {
        bool fits = len > 0 && len < FLEET_NAME_SIZE;
        int index = fleet_join(fleet, (struct str){name, len}, 1, FLEET_UP, 0);
        assert_true(fits == (index != FLEET_NONE));
    }
    free(fleet);
}

static void since_when_a_server_is_up_is_known_unless_it_always_was(void **state)
{
    (void)state;
    struct fleet *fleet = fleet_new((struct fleet_limits){1, 1});
    int always = join(fleet, "a:1", 5), late = fleet_join(fleet, STR("b:1"), 1, FLEET_NEW, 5);
    fleet_note(fleet, always, FLEET_PASSED, 6);
    assert_int_equal(fleet_up_since(fleet, always), 0);
    fleet_note(fleet, late, FLEET_PASSED, 5005);
    fleet_note(fleet, late, FLEET_PASSED, 5006);
    assert_int_equal(fleet_up_since(fleet, late), 5005);
    fleet_note(fleet, late, FLEET_SILENT, 5007);
    fleet_note(fleet, late, FLEET_PASSED, 5008);
    assert_int_equal(fleet_up_since(fleet, late), 5008);
    free(fleet);
}

static void who_is_found_up_when_the_gateway_begins_is_no_newcomer(void **state)
{
    (void)state;
    struct fleet *fleet = fleet_new((struct fleet_limits){1, 1});
    int index = fleet_join(fleet, STR("a:1"), 1, FLEET_NEW, 5);
    fleet_note(fleet, index, FLEET_PASSED, 5004);
    assert_int_equal(fleet_up_since(fleet, index), 0);
    fleet_note(fleet, index, FLEET_SILENT, 5004);
    fleet_note(fleet, index, FLEET_PASSED, 5004);
    assert_int_equal(fleet_up_since(fleet, index), 5004);
    free(fleet);
}

static void what_a_server_says_of_its_lag_is_believed_for_a_second(void **state)
{
    static const struct {
        msec_t said, believed;
    } rows[] = {{0, 0}, {1, 1}, {5000, 5000}, {-1, 0}, {INT64_MIN, 0}, {INT64_MAX, 3600000}};
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct fleet *fleet = fleet_new(two);
        int index = join(fleet, "a:1", 0);
        fleet_note_lag(fleet, index, rows[i].said, 100);
        assert_int_equal(fleet_lag(fleet, index, 100), rows[i].believed);
        assert_int_equal(fleet_lag(fleet, index, 1099), rows[i].believed);
        assert_int_equal(fleet_lag(fleet, index, 1100), 0);
        free(fleet);
    }
}

static void a_lag_that_is_said_again_and_again_is_never_forgotten(void **state)
{
    (void)state;
    struct fleet *fleet = fleet_new(two);
    int index = join(fleet, "a:1", 0);
    for (msec_t now = 0; now < 5000; now += 100) {
        fleet_note_lag(fleet, index, 700, now);
        assert_int_equal(fleet_lag(fleet, index, now + 450), 700);
    }
    fleet_note_lag(fleet, index, 300, 5000);
    fleet_note_lag(fleet, index, 400, 5001); /* another is believed at once */
    assert_int_equal(fleet_lag(fleet, index, 6000), 400);
    free(fleet);
}

struct told {
    struct fleet *fleet;
    char text[128];
};

/* From inside, a watch may look. */
static void on_change(void *arg, int index, enum fleet_state before, enum fleet_state after)
{
    static const char letters[] = "-NURD";
    struct told *told = arg;
    char name[FLEET_NAME_SIZE], line[FLEET_NAME_SIZE + 8];
    fleet_name(told->fleet, index, name);
    snprintf(line, sizeof(line), "%s%c%c ", name, letters[before], letters[after]);
    strcat(told->text, line);
}

static void every_watch_is_told_of_every_change_and_of_nothing_else(void **state)
{
    struct told told[2] = {0};
    (void)state;
    struct fleet *fleet = fleet_new(two);
    for (int i = 0; i < 2; i++) {
        told[i].fleet = fleet;
        fleet_watch(fleet, on_change, &told[i]);
    }
    int a = fleet_join(fleet, STR("a"), 1, FLEET_NEW, 0);
    fleet_join(fleet, STR("a"), 3, FLEET_UP, 0);
    fleet_note(fleet, a, FLEET_PASSED, 0);
    fleet_note(fleet, a, FLEET_PASSED, 0);
    fleet_note(fleet, a, FLEET_SILENT, 0);
    fleet_note(fleet, a, FLEET_SILENT, 0);
    join(fleet, "b", 0);
    fleet_leave(fleet, a, 0);
    fleet_leave(fleet, a, 0);
    for (int i = 0; i < 2; i++)
        assert_string_equal(told[i].text, "a-N aNU aUD b-U aD- ");
    free(fleet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts_in_a_row_decide_and_single_ones_do_not),
        cmocka_unit_test(a_server_keeps_its_index_and_its_state_when_it_joins_again),
        cmocka_unit_test(a_place_is_nobody_elses_for_a_minute),
        cmocka_unit_test(one_that_comes_back_has_its_place_again_and_a_new_life),
        cmocka_unit_test(of_one_that_has_left_a_verdict_is_nothing),
        cmocka_unit_test(a_name_that_does_not_fit_is_not_taken),
        cmocka_unit_test(since_when_a_server_is_up_is_known_unless_it_always_was),
        cmocka_unit_test(who_is_found_up_when_the_gateway_begins_is_no_newcomer),
        cmocka_unit_test(what_a_server_says_of_its_lag_is_believed_for_a_second),
        cmocka_unit_test(a_lag_that_is_said_again_and_again_is_never_forgotten),
        cmocka_unit_test(every_watch_is_told_of_every_change_and_of_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
