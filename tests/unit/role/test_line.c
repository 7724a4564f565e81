#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "base/list.h"
#include "role/gateway/compartment/line.h"

enum { LINES = 3, GUESTS = 40, LIMIT = 4, QUEUE = 8, PATIENCE = 250 };

/* Somebody with a request, again and again. */
struct guest {
    struct line *line;
    struct line_place place;
    struct asker asker;
    enum { OUTSIDE, WAITING, INSIDE } where;
    unsigned came; /* the how-manieth of all, when it began to wait */
    unsigned turns[STATUS_TIMEOUT + 1];
};

struct house {
    struct admission admission;
    struct line lines[LINES];
    struct loop *loops[LINES];
    struct guest guests[GUESTS];
    unsigned came;
};

static void on_turned(struct line_place *place, enum status status)
{
    struct guest *guest = container_of(place, struct guest, place);
    assert_int_equal(guest->where, WAITING);
    guest->where = status == STATUS_OK ? INSIDE : OUTSIDE;
    guest->turns[status]++;
}

static struct house *new_house(void)
{
    struct house *house = mem_new(1, sizeof(*house));
    admission_init(&house->admission, LIMIT, QUEUE);
    for (size_t i = 0; i < LINES; i++) {
        house->loops[i] = loop_new();
        line_init(&house->lines[i], house->loops[i], &house->admission, PATIENCE);
    }
    for (size_t i = 0; i < GUESTS; i++) {
        house->guests[i].line = &house->lines[i % LINES];
        asker_init(&house->guests[i].asker, house->loops[i % LINES]);
    }
    return house;
}

static void turn_all(struct house *house)
{
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < LINES; i++)
            loop_turn(house->loops[i], 0);
}

static void free_house(struct house *house)
{
    for (size_t i = 0; i < LINES; i++)
        free(house->loops[i]);
    free(house);
}

/* What a guest may do */

static enum admission_answer come(struct house *house, struct guest *guest)
{
    loop_set_asker(guest->line->loop, &guest->asker);
    guest->place = (struct line_place){.turned = on_turned};
    enum admission_answer answer = line_enter(guest->line, &guest->place);
    loop_set_asker(guest->line->loop, NULL);
    if (answer != ADMISSION_FULL)
        guest->where = answer == ADMISSION_GRANTED ? INSIDE : WAITING;
    guest->came = house->came++;
    return answer;
}

static void go(struct guest *guest)
{
    guest->where = OUTSIDE;
    line_release(guest->line);
}

static void leave(struct guest *guest)
{
    asker_leave(&guest->asker);
}

static void quit(struct guest *guest)
{
    guest->where = OUTSIDE;
    line_quit(&guest->place);
    memset(&guest->place, 0xff, sizeof(guest->place));
}

static void lose_patience(struct guest *guest)
{
    if (!guest->place.call.is_over)
        guest->place.call.deadline.fired(&guest->place.call.deadline);
}

/* Fills the house: LIMIT inside, QUEUE waiting. */
static void fill(struct house *house)
{
    for (unsigned i = 0; i < GUESTS; i++)
        assert_int_equal(come(house, &house->guests[i]), i < LIMIT           ? ADMISSION_GRANTED
                                                         : i < LIMIT + QUEUE ? ADMISSION_WAITS
                                                                             : ADMISSION_FULL);
}

static void assert_empty(const struct house *house)
{
    assert_int_equal(admission_in_flight(&house->admission), 0);
    assert_int_equal(admission_waiting(&house->admission), 0);
}

static void who_goes_lets_the_next_one_in_at_whichever_loop(void **state)
{
    (void)state;
    struct house *house = new_house();
    fill(house);
    for (unsigned i = 0; i < LIMIT + QUEUE; i++) {
        assert_int_equal(house->guests[i].where, INSIDE);
        go(&house->guests[i]);
        if (i + LIMIT < LIMIT + QUEUE)
            assert_int_equal(house->guests[i + LIMIT].where, WAITING); /* not from inside */
        turn_all(house);
    }
    assert_empty(house);
    free_house(house);
}

static void who_waits_too_long_holds_nothing(void **state)
{
    (void)state;
    struct house *house = new_house();
    fill(house);
    for (unsigned i = LIMIT; i < LIMIT + QUEUE; i++)
        lose_patience(&house->guests[i]);
    assert_int_equal(admission_waiting(&house->admission), 0);
    turn_all(house);
    for (unsigned i = LIMIT; i < LIMIT + QUEUE; i++)
        assert_int_equal(house->guests[i].turns[STATUS_QUEUE_TIMEOUT], 1);
    for (unsigned i = 0; i < LIMIT; i++)
        go(&house->guests[i]);
    assert_empty(house);
    free_house(house);
}

static void who_is_called_in_the_last_moment_is_let_in(void **state)
{
    (void)state;
    struct house *house = new_house();
    fill(house);
    go(&house->guests[0]);
    lose_patience(&house->guests[LIMIT]);
    turn_all(house);
    assert_int_equal(house->guests[LIMIT].turns[STATUS_OK], 1);
    assert_int_equal(admission_in_flight(&house->admission), LIMIT);
    free_house(house);
}

static void a_client_that_leaves_the_line_is_told_so_and_others_move_up(void **state)
{
    (void)state;
    struct house *house = new_house();
    fill(house);
    leave(&house->guests[LIMIT]);
    assert_int_equal(admission_waiting(&house->admission), QUEUE - 1);
    go(&house->guests[0]); /* calls the next one, of another loop, who leaves before he hears it */
    leave(&house->guests[LIMIT + 1]);
    turn_all(house);
    assert_int_equal(house->guests[LIMIT].turns[STATUS_CANCELLED], 1);
    assert_int_equal(house->guests[LIMIT + 1].turns[STATUS_CANCELLED], 1);
    assert_int_equal(house->guests[LIMIT + 2].where, INSIDE);
    assert_int_equal(admission_in_flight(&house->admission), LIMIT);
    free_house(house);
}

static void whoever_quits_is_not_told_and_returns_what_he_was_given(void **state)
{
    (void)state;
    struct house *house = new_house();
    fill(house);
    quit(&house->guests[LIMIT]); /* waits */
    go(&house->guests[0]);
    quit(&house->guests[LIMIT + 1]); /* was called */
    go(&house->guests[2]);
    loop_turn(house->guests[LIMIT + 3].line->loop, 0); /* took it at the door */
    quit(&house->guests[LIMIT + 3]);
    turn_all(house);
    assert_int_equal(admission_in_flight(&house->admission), LIMIT);
    assert_int_equal(house->guests[LIMIT + 2].where, INSIDE);
    assert_int_equal(house->guests[LIMIT + 4].where, INSIDE);
    free_house(house);
}

/* Whatever happens, in whatever order */

enum place { ELSEWHERE, IN_LINE, IN };

/* Where the compartment has him. */
static enum place place_of(const struct guest *guest)
{
    const struct call *call = &guest->place.call;
    if (guest->where != WAITING)
        return guest->where == INSIDE ? IN : ELSEWHERE;
    if (call->is_over)
        return call->status == STATUS_OK ? IN : ELSEWHERE;
    return guest->place.place.is_called ? IN : IN_LINE;
}

static void assert_sound(const struct house *house)
{
    unsigned count[3] = {0}, last_in = 0, first_in_line = UINT32_MAX;
    for (const struct guest *guest = house->guests; guest < house->guests + GUESTS; guest++) {
        enum place place = place_of(guest);
        count[place]++;
        if (place == IN && guest->came > last_in)
            last_in = guest->came;
        if (place == IN_LINE && guest->came < first_in_line)
            first_in_line = guest->came;
    }
    assert_int_equal(count[IN], admission_in_flight(&house->admission));
    assert_int_equal(count[IN_LINE], admission_waiting(&house->admission));
    assert_in_range(count[IN], count[IN_LINE] > 0 ? LIMIT : 0, LIMIT);
    assert_in_range(count[IN_LINE], 0, QUEUE);
    assert_true(last_in < first_in_line);
}

static void do_something(struct house *house, unsigned *seed)
{
    struct guest *guest = &house->guests[(unsigned)rand_r(seed) % GUESTS];
    int what = rand_r(seed) % 8;
    if (guest->where == OUTSIDE)
        come(house, guest);
    else if (guest->where == INSIDE)
        go(guest);
    else if (what == 0)
        leave(guest);
    else if (what == 1)
        lose_patience(guest);
    else if (what == 2)
        quit(guest);
    else
        loop_turn(house->loops[what % LINES], 0);
}

static void every_permit_is_returned_once_and_the_order_is_kept_whatever_happens(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 50; seed++) {
        struct house *house = new_house();
        unsigned chance = seed, told[STATUS_TIMEOUT + 1] = {0};
        for (int i = 0; i < 5000; i++) {
            do_something(house, &chance);
            assert_sound(house);
        }
        for (size_t i = 0; i < GUESTS; i++)
            for (size_t status = 0; status <= STATUS_TIMEOUT; status++)
                told[status] += house->guests[i].turns[status];
        assert_true(told[STATUS_OK] > 0 && told[STATUS_CANCELLED] > 0 &&
                    told[STATUS_QUEUE_TIMEOUT] > 0);
        for (size_t i = 0; i < (LIMIT + QUEUE) * GUESTS; i++) {
            if (house->guests[i % GUESTS].where == INSIDE)
                go(&house->guests[i % GUESTS]);
            turn_all(house);
        }
        assert_empty(house);
        free_house(house);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_goes_lets_the_next_one_in_at_whichever_loop),
        cmocka_unit_test(who_waits_too_long_holds_nothing),
        cmocka_unit_test(who_is_called_in_the_last_moment_is_let_in),
        cmocka_unit_test(a_client_that_leaves_the_line_is_told_so_and_others_move_up),
        cmocka_unit_test(whoever_quits_is_not_told_and_returns_what_he_was_given),
        cmocka_unit_test(every_permit_is_returned_once_and_the_order_is_kept_whatever_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
