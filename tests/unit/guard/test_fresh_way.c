#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "given_pool.h"
#include "guard/fleet/fresh_way.h"

enum { READERS = 4, WRITERS = 2, NOW = 1 };

struct place {
    struct given readers, writers;
    struct admission room;
};

static void place_open(struct place *place, unsigned readers, unsigned room)
{
    admission_init(&place->room, room, 0);
    given_open(&place->readers, readers, limits);
    given_open(&place->writers, WRITERS, limits);
}

static void place_close(struct place *place)
{
    given_close(&place->readers);
    given_close(&place->writers);
}

static void way_init(struct fresh_way *way, struct place *place, bool has_last_resort)
{
    fresh_way_init(way, place->readers.pool, has_last_resort ? place->writers.pool : NULL,
                   &place->room);
}

static void assert_none_in_flight(const struct place *place)
{
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pool_in_flight(place->readers.pool, i), 0);
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pool_in_flight(place->writers.pool, i), 0);
    assert_int_equal(admission_in_flight(&place->room), 0);
}

/* "2 0 1 | 1 0": the readers asked, and the writers, each of which gave no good answer. */
static void assert_way(struct place *place, bool has_last_resort, const char *expected)
{
    struct fresh_way way;
    char said[64] = "";
    int server;
    bool had_turned = false;
    way_init(&way, place, has_last_resort);
    while ((server = fresh_way_next(&way, NOW)) != POOL_NONE) {
        char step[] = {(char)('0' + server), ' ', '\0'};
        strcat(said, way.has_turned && !had_turned ? "| " : "");
        strcat(said, step);
        had_turned = way.has_turned;
        pool_give_back(way.pool, server, POOL_GIVEN_UP, NOW, NOW);
    }
    fresh_way_fini(&way);
    assert_string_equal(said, expected);
    assert_none_in_flight(place);
}

static void every_server_is_asked_once_the_write_side_last(void **state)
{
    struct place place;
    (void)state;
    place_open(&place, 3, 2);
    assert_way(&place, true, "0 1 2 | 0 1 ");
    place_close(&place);
}

static void without_a_last_resort_only_readers_are_asked(void **state)
{
    struct place place;
    (void)state;
    place_open(&place, 3, 1);
    assert_way(&place, false, "0 1 2 ");
    place_close(&place);
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
        struct place place;
        place_open(&place, READERS, 1);
        for (int server = 0; server < READERS; server++)
            fleet_note_lag(place.readers.fleet, server, rows[i].lags[server], 0);
        assert_way(&place, false, rows[i].way);
        place_close(&place);
    }
}

static void one_that_rests_is_passed_over_where_the_write_side_answers(void **state)
{
    struct place place;
    (void)state;
    place_open(&place, 3, 1);
    let_fail(&place.readers, 0, NOW);
    fleet_note(place.readers.fleet, 2, FLEET_SILENT, NOW);
    assert_way(&place, true, "1 | 0 1 ");
    assert_way(&place, false, "1 0 2 ");
    place_close(&place);
}

static void the_freshest_that_answers_comes_before_a_fresher_one_that_rests(void **state)
{
    struct place place;
    (void)state;
    place_open(&place, 2, 1);
    fleet_note_lag(place.readers.fleet, 1, 900, 0);
    let_fail(&place.readers, 0, NOW);
    assert_way(&place, false, "1 0 ");
    place_close(&place);
}

static void where_the_last_resort_is_full_the_resting_are_asked_instead(void **state)
{
    struct place place;
    struct fresh_way first, second;
    (void)state;
    place_open(&place, 2, 1);
    way_init(&first, &place, true);
    for (int i = 0; i < 3; i++)
        assert_int_not_equal(fresh_way_next(&first, NOW), POOL_NONE);
    assert_true(first.has_turned);
    let_fail(&place.readers, 0, NOW);
    way_init(&second, &place, true);
    assert_int_equal(fresh_way_next(&second, NOW), 1);
    assert_int_equal(fresh_way_next(&second, NOW), 0);
    assert_int_equal(fresh_way_next(&second, NOW), POOL_NONE);
    fresh_way_fini(&second);
    assert_int_equal(admission_in_flight(&place.room), 1);
    fresh_way_fini(&first);
    fresh_way_fini(&first); /* has nothing more to give back */
    assert_int_equal(admission_in_flight(&place.room), 0);
    place_close(&place);
}

static void where_the_last_resort_has_no_server_the_resting_are_asked_instead(void **state)
{
    struct place place;
    (void)state;
    place_open(&place, 2, 1);
    for (int i = 0; i < WRITERS; i++)
        fleet_leave(place.writers.fleet, i, 0);
    let_fail(&place.readers, 0, NOW);
    assert_way(&place, true, "1 0 ");
    place_close(&place);
}

static void who_is_asked_is_in_flight(void **state)
{
    struct place place;
    struct fresh_way way;
    (void)state;
    place_open(&place, 1, 1);
    way_init(&way, &place, true);
    assert_int_equal(fresh_way_next(&way, NOW), 0);
    assert_int_equal(pool_in_flight(place.readers.pool, 0), 1);
    assert_int_equal(fresh_way_next(&way, NOW), 0);
    assert_int_equal(pool_in_flight(place.writers.pool, 0), 1);
    fresh_way_fini(&way);
    place_close(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_server_is_asked_once_the_write_side_last),
        cmocka_unit_test(without_a_last_resort_only_readers_are_asked),
        cmocka_unit_test(the_freshest_is_asked_first),
        cmocka_unit_test(one_that_rests_is_passed_over_where_the_write_side_answers),
        cmocka_unit_test(the_freshest_that_answers_comes_before_a_fresher_one_that_rests),
        cmocka_unit_test(where_the_last_resort_is_full_the_resting_are_asked_instead),
        cmocka_unit_test(where_the_last_resort_has_no_server_the_resting_are_asked_instead),
        cmocka_unit_test(who_is_asked_is_in_flight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
