#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "guard/admission.h"

enum { PLACES = 64 };

struct hall {
    struct admission admission;
    struct admission_door doors[2];
    struct admission_place places[PLACES];
};

static void open_hall(struct hall *hall, unsigned limit, unsigned queue)
{
    *hall = (struct hall){0};
    admission_init(&hall->admission, limit, queue);
    admission_door_init(&hall->doors[0]);
    admission_door_init(&hall->doors[1]);
}

static enum admission_answer enter(struct hall *hall, unsigned place, unsigned door)
{
    return admission_enter(&hall->admission, &hall->places[place], &hall->doors[door]);
}

/* One leaves; how many are called for it. */
static unsigned leave(struct hall *hall)
{
    unsigned called = 0;
    admission_leave(&hall->admission);
    while (admission_call(&hall->admission) != NULL)
        called++;
    return called;
}

static int take(struct hall *hall, unsigned door)
{
    struct admission_place *place = admission_take(&hall->admission, &hall->doors[door]);
    return place == NULL ? -1 : (int)(place - hall->places);
}

static void assert_load(const struct hall *hall, unsigned in_flight, unsigned waiting)
{
    assert_int_equal(admission_in_flight(&hall->admission), in_flight);
    assert_int_equal(admission_waiting(&hall->admission), waiting);
}

static void so_many_enter_so_many_wait_and_all_others_are_refused(void **state)
{
    static const struct {
        unsigned limit, queue, enter, wait;
    } rows[] = {{1, 0, 1, 0}, {1, 1, 1, 1}, {4, 8, 4, 8}, {32, 16, 32, 16}, {0, 0, 1, 0}};
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct hall hall;
        unsigned counts[3] = {0};
        open_hall(&hall, rows[i].limit, rows[i].queue);
        for (unsigned n = 0; n < PLACES; n++)
            counts[enter(&hall, n, n % 2)]++;
        assert_int_equal(counts[ADMISSION_GRANTED], rows[i].enter);
        assert_int_equal(counts[ADMISSION_WAITS], rows[i].wait);
        assert_load(&hall, rows[i].enter, rows[i].wait);
    }
}

static void who_cannot_wait_is_refused(void **state)
{
    (void)state;
    struct hall hall;
    open_hall(&hall, 1, 8);
    assert_int_equal(admission_enter(&hall.admission, NULL, NULL), ADMISSION_GRANTED);
    assert_int_equal(admission_enter(&hall.admission, NULL, NULL), ADMISSION_FULL);
    assert_load(&hall, 1, 0);
    assert_int_equal(leave(&hall), 0);
    assert_int_equal(admission_enter(&hall.admission, NULL, NULL), ADMISSION_GRANTED);
}

static void who_came_first_is_called_first_at_whichever_door(void **state)
{
    static const unsigned doors[] = {1, 1, 0, 1, 0, 0};
    (void)state;
    struct hall hall;
    open_hall(&hall, 1, countof(doors));
    assert_int_equal(enter(&hall, PLACES - 1, 0), ADMISSION_GRANTED);
    for (unsigned i = 0; i < countof(doors); i++)
        assert_int_equal(enter(&hall, i, doors[i]), ADMISSION_WAITS);
    for (unsigned i = 0; i < countof(doors); i++) {
        assert_int_equal(leave(&hall), 1);
        assert_int_equal(take(&hall, !doors[i]), -1);
        assert_int_equal(take(&hall, doors[i]), i);
        assert_load(&hall, 1, (unsigned)countof(doors) - 1 - i);
    }
    assert_int_equal(leave(&hall), 0);
    assert_load(&hall, 0, 0);
}

static void nobody_goes_past_those_who_wait(void **state)
{
    (void)state;
    struct hall hall;
    open_hall(&hall, 1, 8);
    assert_int_equal(enter(&hall, 0, 0), ADMISSION_GRANTED);
    assert_int_equal(enter(&hall, 1, 0), ADMISSION_WAITS);
    admission_leave(&hall.admission);
    assert_int_equal(enter(&hall, 2, 0), ADMISSION_WAITS);
    assert_int_equal(admission_enter(&hall.admission, NULL, NULL), ADMISSION_FULL);
    assert_ptr_equal(admission_call(&hall.admission), &hall.doors[0]);
    assert_null(admission_call(&hall.admission));
    assert_int_equal(take(&hall, 0), 1);
}

static void who_quits_while_waiting_leaves_a_place_in_the_line(void **state)
{
    (void)state;
    struct hall hall;
    open_hall(&hall, 1, 2);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(enter(&hall, i, 0), i == 0 ? ADMISSION_GRANTED : ADMISSION_WAITS);
    assert_int_equal(enter(&hall, 3, 0), ADMISSION_FULL);
    assert_false(admission_quit(&hall.admission, &hall.places[1]));
    assert_int_equal(enter(&hall, 3, 0), ADMISSION_WAITS);
    assert_int_equal(leave(&hall), 1);
    assert_int_equal(take(&hall, 0), 2);
    assert_load(&hall, 1, 1);
}

static void who_quits_when_called_has_a_permit_to_return(void **state)
{
    (void)state;
    struct hall hall;
    open_hall(&hall, 1, 2);
    assert_int_equal(enter(&hall, 0, 0), ADMISSION_GRANTED);
    assert_int_equal(enter(&hall, 1, 0), ADMISSION_WAITS);
    assert_int_equal(leave(&hall), 1);
    assert_true(admission_quit(&hall.admission, &hall.places[1]));
    assert_int_equal(take(&hall, 0), -1);
    assert_load(&hall, 1, 0);
    assert_int_equal(leave(&hall), 0);
    assert_load(&hall, 0, 0);
}

static void a_higher_limit_calls_as_many_more_when_the_next_one_leaves(void **state)
{
    (void)state;
    struct hall hall;
    open_hall(&hall, 2, 16);
    for (unsigned i = 0; i < 10; i++)
        assert_in_range(enter(&hall, i, 0), ADMISSION_GRANTED, ADMISSION_WAITS);
    admission_set(&hall.admission, 5, 16);
    assert_int_equal(leave(&hall), 4);
    assert_load(&hall, 5, 4);
}

static void a_lower_limit_calls_nobody_until_there_is_room_under_it(void **state)
{
    (void)state;
    struct hall hall;
    open_hall(&hall, 5, 16);
    for (unsigned i = 0; i < 10; i++)
        assert_in_range(enter(&hall, i, 0), ADMISSION_GRANTED, ADMISSION_WAITS);
    admission_set(&hall.admission, 2, 16);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(leave(&hall), 0);
    assert_load(&hall, 2, 5);
    assert_int_equal(leave(&hall), 1);
    assert_load(&hall, 2, 4);
}

/* Many threads, each with a door of its own, and one place. */

enum { THREADS = 4, ROUNDS = 20000, LIMIT = 2, QUEUE = 1 };

struct visitor {
    struct admission *admission;
    atomic_int *inside, *inside_most;
    struct admission_door door;
    unsigned seed, granted, quit, refused;
    pthread_t thread;
};

static void let_others_in(struct visitor *visitor)
{
    admission_leave(visitor->admission);
    while (admission_call(visitor->admission) != NULL) {
    }
}

static void be_inside(struct visitor *visitor)
{
    int now = atomic_fetch_add(visitor->inside, 1) + 1;
    int most = atomic_load(visitor->inside_most);
    while (now > most && !atomic_compare_exchange_weak(visitor->inside_most, &most, now)) {
    }
    if (rand_r(&visitor->seed) % 8 == 0)
        sched_yield();
    atomic_fetch_sub(visitor->inside, 1);
    visitor->granted++;
    let_others_in(visitor);
}

/* Until it is called, or has no more patience. */
static void wait_for_turn(struct visitor *visitor, struct admission_place *place)
{
    for (int patience = rand_r(&visitor->seed) % 100; patience > 0; patience--) {
        if (admission_take(visitor->admission, &visitor->door) != NULL) {
            be_inside(visitor);
            return;
        }
        sched_yield();
    }
    visitor->quit++;
    if (admission_quit(visitor->admission, place))
        let_others_in(visitor);
}

static void *visit(void *arg)
{
    struct visitor *visitor = arg;
    for (int i = 0; i < ROUNDS; i++) {
        struct admission_place place = {0};
        switch (admission_enter(visitor->admission, &place, &visitor->door)) {
        case ADMISSION_GRANTED:
            be_inside(visitor);
            break;
        case ADMISSION_WAITS:
            wait_for_turn(visitor, &place);
            break;
        case ADMISSION_FULL:
            visitor->refused++;
            break;
        }
    }
    return NULL;
}

static void among_threads_the_limits_hold_and_every_permit_comes_back(void **state)
{
    struct admission admission;
    struct visitor visitors[THREADS];
    atomic_int inside = 0, inside_most = 0;
    unsigned granted = 0, quit = 0, refused = 0;
    (void)state;
    admission_init(&admission, LIMIT, QUEUE);
    for (unsigned i = 0; i < THREADS; i++) {
        visitors[i] = (struct visitor){
            .admission = &admission, .inside = &inside, .inside_most = &inside_most, .seed = i + 1};
        admission_door_init(&visitors[i].door);
        assert_int_equal(pthread_create(&visitors[i].thread, NULL, visit, &visitors[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(visitors[i].thread, NULL);
        granted += visitors[i].granted;
        quit += visitors[i].quit;
        refused += visitors[i].refused;
    }
    assert_int_equal(granted + quit + refused, THREADS * ROUNDS);
    assert_in_range(inside_most, 1, LIMIT);
    assert_int_equal(admission_in_flight(&admission), 0);
    assert_int_equal(admission_waiting(&admission), 0);
    assert_true(list_is_empty(&admission.line));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(so_many_enter_so_many_wait_and_all_others_are_refused),
        cmocka_unit_test(who_cannot_wait_is_refused),
        cmocka_unit_test(who_came_first_is_called_first_at_whichever_door),
        cmocka_unit_test(nobody_goes_past_those_who_wait),
        cmocka_unit_test(who_quits_while_waiting_leaves_a_place_in_the_line),
        cmocka_unit_test(who_quits_when_called_has_a_permit_to_return),
        cmocka_unit_test(a_higher_limit_calls_as_many_more_when_the_next_one_leaves),
        cmocka_unit_test(a_lower_limit_calls_nobody_until_there_is_room_under_it),
        cmocka_unit_test(among_threads_the_limits_hold_and_every_permit_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
