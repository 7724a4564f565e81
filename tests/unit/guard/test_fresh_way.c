#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "guard/fresh_way.h"

enum { READERS = 4, WRITERS = 2, REST = 100 };

struct place {
    struct pool readers, writers;
    struct compartment room;
};

static struct place place_of(unsigned readers, unsigned room)
{
    struct place place = {.room = {.limit = room}};
    pool_init(&place.readers, readers, (struct pool_limits){.max_failures = 1, .rest = REST});
    pool_init(&place.writers, WRITERS, (struct pool_limits){.max_failures = 1, .rest = REST});
    return place;
}

static void let_rest(struct pool *pool, int index)
{
    pool_ask(pool, index);
    pool_failed(pool, index, 0);
}

/* "2 0 1 | 1 0": the readers asked, and the writers, each of which gave no answer. */
static void assert_way(struct place *place, bool has_last_resort, const char *expected)
{
    struct fresh_way way;
    char said[64] = "";
    int server;
    bool had_turned = false;
    fresh_way_init(&way, &place->readers, has_last_resort ? &place->writers : NULL, &place->room);
    while ((server = fresh_way_next(&way, 1)) != POOL_NONE) {
        char step[] = {(char)('0' + server), ' ', '\0'};
        strcat(said, way.has_turned && !had_turned ? "| " : "");
        strcat(said, step);
        had_turned = way.has_turned;
        pool_succeeded(way.pool, server);
    }
    fresh_way_fini(&way);
    assert_string_equal(said, expected);
    assert_int_equal(place->room.in_flight, 0);
}

static void every_server_is_asked_once_the_write_side_last(void **state)
{
    (void)state;
    struct place place = place_of(3, 1);
    assert_way(&place, true, "0 1 2 | 0 1 ");
}

static void without_a_last_resort_only_readers_are_asked(void **state)
{
    (void)state;
    struct place place = place_of(3, 1);
    assert_way(&place, false, "0 1 2 ");
}

static void the_freshest_is_asked_first(void **state)
{
    static const struct {
        msec_t lags[READERS];
        const char *way;
    } rows[] = {
        {{0, 0, 0, 0}, "0 1 2 3 "},
        {{2000, 0, 0, 0}, "1 2 3 0 "},
        {{400, 300, 200, 100}, "3 2 1 0 "},
        {{99, 0, 50, 0}, "0 1 2 3 "}, /* so little is no difference */
        {{2000, 99, 1000, 0}, "1 3 2 0 "},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct place place = place_of(READERS, 1);
        for (int server = 0; server < READERS; server++)
            pool_tell_lag(&place.readers, server, rows[i].lags[server], 0);
        assert_way(&place, false, rows[i].way);
    }
}

static void of_the_equally_fresh_the_least_busy_is_asked_first(void **state)
{
    (void)state;
    struct place place = place_of(3, 1);
    pool_ask(&place.readers, 0);
    pool_ask(&place.readers, 0);
    pool_ask(&place.readers, 1);
    assert_way(&place, false, "2 1 0 ");
}

static void how_late_a_server_was_is_forgotten_after_a_second(void **state)
{
    (void)state;
    struct place place = place_of(2, 1);
    pool_tell_lag(&place.readers, 0, 5000, 0);
    assert_int_equal(pool_find_freshest(&place.readers, 0, 999), 1);
    assert_int_equal(pool_find_freshest(&place.readers, 0, 1000), 0);
}

static void one_that_rests_is_passed_over_where_the_write_side_answers(void **state)
{
    (void)state;
    struct place place = place_of(3, 1);
    let_rest(&place.readers, 0);
    assert_way(&place, true, "1 2 | 0 1 ");
    place = place_of(3, 1);
    let_rest(&place.readers, 0);
    assert_way(&place, false, "1 2 0 ");
}

static void the_freshest_that_answers_comes_before_a_fresher_one_that_rests(void **state)
{
    (void)state;
    struct place place = place_of(2, 1);
    pool_tell_lag(&place.readers, 1, 900, 0);
    let_rest(&place.readers, 0);
    assert_way(&place, false, "1 0 ");
}

static void where_the_last_resort_is_full_the_resting_are_asked_instead(void **state)
{
    (void)state;
    struct place place = place_of(2, 1);
    struct fresh_way first;
    fresh_way_init(&first, &place.readers, &place.writers, &place.room);
    for (int i = 0; i < 3; i++)
        assert_int_not_equal(fresh_way_next(&first, 1), POOL_NONE);
    assert_true(first.has_turned);
    let_rest(&place.readers, 0);
    struct fresh_way second;
    fresh_way_init(&second, &place.readers, &place.writers, &place.room);
    assert_int_equal(fresh_way_next(&second, 1), 1);
    assert_int_equal(fresh_way_next(&second, 1), 0);
    assert_int_equal(fresh_way_next(&second, 1), POOL_NONE);
    fresh_way_fini(&second);
    assert_int_equal(place.room.in_flight, 1);
    fresh_way_fini(&first);
    fresh_way_fini(&first); /* has nothing more to give back */
    assert_int_equal(place.room.in_flight, 0);
}

static void who_is_asked_is_in_flight(void **state)
{
    (void)state;
    struct place place = place_of(1, 1);
    struct fresh_way way;
    fresh_way_init(&way, &place.readers, &place.writers, &place.room);
    assert_int_equal(fresh_way_next(&way, 1), 0);
    assert_int_equal(place.readers.members[0].in_flight, 1);
    assert_int_equal(fresh_way_next(&way, 1), 0);
    assert_int_equal(place.writers.members[0].in_flight, 1);
    fresh_way_fini(&way);
}

static void a_pool_of_the_largest_size_is_asked_whole(void **state)
{
    (void)state;
    struct place place = place_of(POOL_MAX, 1);
    struct fresh_way way;
    fresh_way_init(&way, &place.readers, NULL, NULL);
    for (int i = 0; i < POOL_MAX; i++)
        assert_int_equal(fresh_way_next(&way, 1), i);
    assert_int_equal(fresh_way_next(&way, 1), POOL_NONE);
    fresh_way_fini(&way);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_server_is_asked_once_the_write_side_last),
        cmocka_unit_test(without_a_last_resort_only_readers_are_asked),
        cmocka_unit_test(the_freshest_is_asked_first),
        cmocka_unit_test(of_the_equally_fresh_the_least_busy_is_asked_first),
        cmocka_unit_test(how_late_a_server_was_is_forgotten_after_a_second),
        cmocka_unit_test(one_that_rests_is_passed_over_where_the_write_side_answers),
        cmocka_unit_test(the_freshest_that_answers_comes_before_a_fresher_one_that_rests),
        cmocka_unit_test(where_the_last_resort_is_full_the_resting_are_asked_instead),
        cmocka_unit_test(who_is_asked_is_in_flight),
        cmocka_unit_test(a_pool_of_the_largest_size_is_asked_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
