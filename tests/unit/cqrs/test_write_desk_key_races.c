#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "unit/cqrs/given_keys.h"

/* Another server committed the same key between our look and our commit. */
static void lose_race(struct desk *desk, struct order order)
{
    forget(desk);
    take_keyed(desk, order, KEY);
    go_to_commit(desk, order);
    fail_with(desk, STATUS_CONFLICT, "keys_pkey");
    assert_int_equal(desk->answers, 0);
    assert_asked_for_key(desk);
}

static void who_loses_the_race_for_a_key_is_told_of_the_firsts_outcome(void **state)
{
    struct desk *desk = *state;
    for (size_t i = 0; i < countof(every_kind); i++) {
        lose_race(desk, every_kind[i]);
        find_first(desk, "t", "shop.item.deleted");
        assert_told_of_first(desk, "shop.item.deleted");
        lose_race(desk, every_kind[i]);
        find_first(desk, "f", "shop.item.deleted");
        assert_told(desk, STATUS_KEY_REUSED);
        lose_race(desk, every_kind[i]);
        fail_with(desk, STATUS_UNAVAILABLE, NULL);
        assert_told(desk, STATUS_UNAVAILABLE);
    }
}

static void when_the_winners_key_is_gone_again_nothing_is_tried_again(void **state)
{
    struct desk *desk = *state;
    for (size_t i = 0; i < countof(every_kind); i++) {
        lose_race(desk, every_kind[i]);
        find_no_key(desk);
        assert_told(desk, STATUS_IN_PROGRESS);
    }
}

static void after_the_loser_of_a_race_the_next_one_has_its_turn(void **state)
{
    struct desk *desk = *state;
    lose_race(desk, patch);
    take(desk, patch);
    assert_asked_for_key(desk); /* and nothing else: the other one waits */
    find_first(desk, "t", "shop.item.updated");
    assert_int_equal(desk->answers, 1);
    assert_true(told.is_replayed);
    find_version(desk, "7");
    commit(desk, UPDATE, 1);
    assert_int_equal(desk->answers, 2);
    assert_int_equal(desk->version, 8);
}

static void a_field_that_is_taken_is_told_once_the_key_is_known_to_be_nobodys(void **state)
{
    struct desk *desk = *state;
    for (size_t i = 0; i < countof(every_kind); i++) {
        forget(desk);
        take_keyed(desk, every_kind[i], KEY);
        go_to_commit(desk, every_kind[i]);
        fail_with(desk, STATUS_CONFLICT, "items.title.unique");
        find_no_key(desk);
        assert_answered(desk, STATUS_CONFLICT);
        assert_string_equal(desk->detail, "another record has the same title");
    }
}

int main(void)
{
#define AT_A_DESK(test) cmocka_unit_test_setup_teardown(test, open_desk, close_desk)
    const struct CMUnitTest tests[] = {
        AT_A_DESK(who_loses_the_race_for_a_key_is_told_of_the_firsts_outcome),
        AT_A_DESK(when_the_winners_key_is_gone_again_nothing_is_tried_again),
        AT_A_DESK(after_the_loser_of_a_race_the_next_one_has_its_turn),
        AT_A_DESK(a_field_that_is_taken_is_told_once_the_key_is_known_to_be_nobodys),
    };
    return cmocka_run_group_tests(tests, open_store, NULL);
}
