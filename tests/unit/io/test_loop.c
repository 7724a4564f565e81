#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>
#include <pthread.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/loop.h"

/* Loops are not freed, so one does for all tests. */
static struct loop *loop;

static int make_loop(void **state)
{
    (void)state;
    loop = loop_new();
    return 0;
}

/* Turns until `*count` is `wanted`, or for a second. */
static void turn_until(const unsigned *count, unsigned wanted)
{
    msec_t until = clock_monotonic() + 1000;
    while (*count < wanted && clock_monotonic() < until)
        loop_turn(loop, 10);
    assert_int_equal(*count, wanted);
}

/* Turns for so long. */
static void turn_for(msec_t wait)
{
    msec_t until = clock_monotonic() + wait;
    while (clock_monotonic() < until)
        loop_turn(loop, 1);
}

struct bell {
    struct loop_timer timer;
    unsigned *rung; /* among all bells */
    unsigned place; /* which of them this one was, from 1 */
    msec_t at;
    msec_t again; /* not 0: starts itself again at its first ring */
};

static void on_ring(struct loop_timer *timer)
{
    struct bell *bell = container_of(timer, struct bell, timer);
    bell->place = ++*bell->rung;
    bell->at = clock_monotonic();
    msec_t again = bell->again;
    bell->again = 0;
    if (again > 0)
        loop_timer_start(loop, timer, again);
}

static void timers_fire_once_each_in_the_order_of_their_waits(void **state)
{
    static const msec_t waits[] = {20, 1, 50, 0, 10};
    static const unsigned places[] = {4, 2, 5, 2, 3};
    (void)state;
    struct bell bells[countof(waits)] = {0};
    unsigned rung = 0;
    msec_t start = clock_monotonic();
    loop_turn(loop, 0); /* h2o counts from the time that it read last */
    for (size_t i = 0; i < countof(waits); i++) {
        bells[i] = (struct bell){.timer = {.fired = on_ring}, .rung = &rung};
        loop_timer_start(loop, &bells[i].timer, waits[i]);
    }
    turn_until(&rung, countof(waits));
    for (size_t i = 0; i < countof(waits); i++) {
        assert_in_range(bells[i].place, places[i] - (places[i] == 2), places[i]);
        assert_true(bells[i].at - start >= waits[i] - 1); /* h2o counts whole milliseconds */
    }
    turn_for(60);
    assert_int_equal(rung, countof(waits));
}

static void a_wait_is_rounded_up_never_down(void **state)
{
    static const msec_t waits[] = {3, 6, 11, 21};
    (void)state;
    for (size_t i = 0; i < countof(waits); i++) {
        unsigned rung = 0;
        struct bell bell = {.timer = {.fired = on_ring}, .rung = &rung};
        loop_turn(loop, 0);
        msec_t start = clock_monotonic();
        loop_timer_start(loop, &bell.timer, waits[i]);
        turn_until(&rung, 1);
        assert_true(bell.at - start >= waits[i] - 1);
    }
}

static void a_timer_that_was_stopped_does_not_fire(void **state)
{
    (void)state;
    unsigned rung = 0;
    struct bell bell = {.timer = {.fired = on_ring}, .rung = &rung};
    loop_timer_stop(&bell.timer); /* harmless: it never ran */
    loop_timer_start(loop, &bell.timer, 5);
    loop_timer_stop(&bell.timer);
    loop_timer_stop(&bell.timer);
    turn_for(20);
    assert_int_equal(rung, 0);
}

static void a_timer_that_is_started_again_fires_once_and_later(void **state)
{
    (void)state;
    unsigned rung = 0;
    struct bell bell = {.timer = {.fired = on_ring}, .rung = &rung};
    loop_turn(loop, 0);
    msec_t start = clock_monotonic();
    loop_timer_start(loop, &bell.timer, 1);
    loop_timer_start(loop, &bell.timer, 50);
    turn_until(&rung, 1);
    assert_true(bell.at - start >= 49);
    turn_for(20);
    assert_int_equal(rung, 1);
}

static void a_timer_may_start_itself_as_it_fires(void **state)
{
    (void)state;
    unsigned rung = 0;
    struct bell bell = {.timer = {.fired = on_ring}, .rung = &rung, .again = 5};
    loop_timer_start(loop, &bell.timer, 1);
    turn_until(&rung, 2);
}

struct chore {
    struct loop_defer defer;
    unsigned runs, number; /* the last run's number among all */
    struct chore *then;    /* deferred by the first run; may be itself */
    struct chore *instead; /* cancelled by it */
};

static unsigned chores_done;

static void on_chore(struct loop_defer *defer)
{
    struct chore *chore = container_of(defer, struct chore, defer);
    chore->number = ++chores_done;
    if (chore->runs++ > 0)
        return;
    if (chore->then != NULL)
        loop_defer(loop, &chore->then->defer);
    if (chore->instead != NULL)
        loop_defer_cancel(&chore->instead->defer);
}

static void what_is_deferred_runs_at_the_end_of_the_turn_in_its_order(void **state)
{
    (void)state;
    struct chore chores[5] = {0};
    chores_done = 0;
    for (size_t i = 0; i < countof(chores); i++) {
        chores[i].defer.run = on_chore;
        loop_defer(loop, &chores[i].defer);
    }
    assert_int_equal(chores_done, 0);
    msec_t start = clock_monotonic();
    loop_turn(loop, 10000);
    assert_true(clock_monotonic() - start < 5000); /* it did not wait with work to do */
    for (size_t i = 0; i < countof(chores); i++)
        assert_int_equal(chores[i].number, i + 1);
    loop_turn(loop, 0);
    assert_int_equal(chores_done, countof(chores));
}

static void however_often_it_was_asked_for_it_runs_once(void **state)
{
    (void)state;
    struct chore chore = {.defer = {.run = on_chore}};
    for (int i = 0; i < 3; i++)
        loop_defer(loop, &chore.defer);
    loop_turn(loop, 0);
    assert_int_equal(chore.runs, 1);
    loop_defer(loop, &chore.defer);
    loop_turn(loop, 0);
    assert_int_equal(chore.runs, 2);
}

static void what_was_cancelled_does_not_run(void **state)
{
    (void)state;
    struct chore late = {.defer = {.run = on_chore}}, early = {.defer = {.run = on_chore}};
    loop_defer_cancel(&early.defer);
    loop_defer(loop, &early.defer);
    loop_defer_cancel(&early.defer);
    loop_turn(loop, 0);
    assert_int_equal(early.runs, 0);
    early.instead = &late; /* even by another of the same turn */
    loop_defer(loop, &early.defer);
    loop_defer(loop, &late.defer);
    loop_turn(loop, 0);
    loop_turn(loop, 0);
    assert_int_equal(early.runs, 1);
    assert_int_equal(late.runs, 0);
}

static void what_the_deferred_defer_is_for_the_next_turn(void **state)
{
    (void)state;
    struct chore second = {.defer = {.run = on_chore}};
    struct chore first = {.defer = {.run = on_chore}, .then = &second};
    second.then = &second;
    loop_defer(loop, &first.defer);
    loop_turn(loop, 0);
    assert_int_equal(second.runs, 0);
    loop_turn(loop, 0);
    assert_int_equal(second.runs, 1);
    loop_turn(loop, 0);
    loop_turn(loop, 0);
    assert_int_equal(second.runs, 2);
    assert_int_equal(first.runs, 1);
}

enum { POSTS = 100 };

static void on_post(void *arg)
{
    ++*(unsigned *)arg;
}

static void *post_many(void *arg)
{
    for (int i = 0; i < POSTS; i++)
        loop_post(loop, on_post, arg);
    return NULL;
}

static void what_other_threads_post_runs_in_this_one(void **state)
{
    (void)state;
    pthread_t threads[3];
    unsigned posted = 0;
    for (size_t i = 0; i < countof(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, post_many, &posted), 0);
    turn_until(&posted, countof(threads) * POSTS);
    for (size_t i = 0; i < countof(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void a_post_does_not_run_from_inside_the_call(void **state)
{
    (void)state;
    unsigned posted = 0;
    loop_post(loop, on_post, &posted);
    assert_int_equal(posted, 0);
    turn_until(&posted, 1);
}

static void a_descriptor_is_watched_until_the_watch_is_closed(void **state)
{
    (void)state;
    int ends[2];
    unsigned readable = 0;
    assert_int_equal(pipe(ends), 0);
    struct loop_watch *watch = loop_watch_open(loop, ends[0], on_post, &readable);
    assert_non_null(watch);
    turn_for(5);
    assert_int_equal(readable, 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    turn_until(&readable, 1);
    loop_watch_close(&watch);
    assert_null(watch);
    loop_watch_close(&watch);
    turn_for(5);
    assert_int_equal(readable, 1);
    char c;
    assert_int_equal(read(ends[0], &c, 1), 1); /* the owner's own descriptor is still open */
    close(ends[0]);
    close(ends[1]);
}

static void the_loop_says_when_it_last_turned(void **state)
{
    (void)state;
    msec_t before = clock_monotonic();
    loop_turn(loop, 0);
    assert_in_range(loop_last_turn(loop), before, clock_monotonic());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_fire_once_each_in_the_order_of_their_waits),
        cmocka_unit_test(a_wait_is_rounded_up_never_down),
        cmocka_unit_test(a_timer_that_was_stopped_does_not_fire),
        cmocka_unit_test(a_timer_that_is_started_again_fires_once_and_later),
        cmocka_unit_test(a_timer_may_start_itself_as_it_fires),
        cmocka_unit_test(what_is_deferred_runs_at_the_end_of_the_turn_in_its_order),
        cmocka_unit_test(however_often_it_was_asked_for_it_runs_once),
        cmocka_unit_test(what_was_cancelled_does_not_run),
        cmocka_unit_test(what_the_deferred_defer_is_for_the_next_turn),
        cmocka_unit_test(what_other_threads_post_runs_in_this_one),
        cmocka_unit_test(a_post_does_not_run_from_inside_the_call),
        cmocka_unit_test(a_descriptor_is_watched_until_the_watch_is_closed),
        cmocka_unit_test(the_loop_says_when_it_last_turned),
    };
    return cmocka_run_group_tests(tests, make_loop, NULL);
}
