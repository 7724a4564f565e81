#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "io/call.h"

static struct loop *loop;
static struct asker asker;

static int make_asker(void **state)
{
    (void)state;
    if (loop == NULL)
        loop = loop_new();
    asker_init(&asker, loop);
    loop_set_asker(loop, &asker);
    return 0;
}

static int end_asker(void **state)
{
    (void)state;
    asker_fini(&asker);
    assert_null(loop_asker(loop));
    return 0;
}

/* An operation, and what was told of it. */
struct operation {
    struct call call, *next; /* started by its end; NULL: none */
    unsigned lefts, ends;
    enum status status;
};

static void on_deadline(struct call *call)
{
    call_end(call, STATUS_TIMEOUT);
}

static void on_left(struct call *call)
{
    container_of(call, struct operation, call)->lefts++;
    call_end(call, STATUS_CANCELLED);
}

static void on_end(struct call *call)
{
    struct operation *operation = container_of(call, struct operation, call);
    operation->ends++;
    operation->status = call->status;
    if (operation->next != NULL)
        call_start(operation->next, loop, 1000);
}

static struct operation new_operation(void)
{
    return (struct operation){
        .call = {.on_deadline = on_deadline, .on_left = on_left, .on_end = on_end}};
}

static void what_was_started_for_an_asker_ends_when_he_leaves_but_not_at_once(void **state)
{
    (void)state;
    struct operation one = new_operation(), two = new_operation();
    call_start(&one.call, loop, 1000);
    call_start(&two.call, loop, 1000);
    assert_false(asker_is_free(&asker));
    asker_leave(&asker);
    assert_int_equal(one.lefts + two.lefts, 2);
    assert_int_equal(one.ends + two.ends, 0);
    loop_turn(loop, 0);
    assert_int_equal(one.ends + two.ends, 2);
    assert_int_equal(one.status, STATUS_CANCELLED);
    assert_true(asker_is_free(&asker));
}

static void leaving_is_told_once(void **state)
{
    (void)state;
    struct operation one = new_operation();
    call_start(&one.call, loop, 1000);
    asker_leave(&asker);
    asker_leave(&asker);
    loop_turn(loop, 0);
    assert_int_equal(one.lefts, 1);
    assert_int_equal(one.ends, 1);
}

static void what_cannot_be_given_up_goes_on(void **state)
{
    (void)state;
    struct operation one = new_operation();
    one.call.on_left = NULL;
    call_start(&one.call, loop, 1000);
    asker_leave(&asker);
    assert_false(one.call.is_over);
    call_end(&one.call, STATUS_OK);
    loop_turn(loop, 0);
    assert_int_equal(one.status, STATUS_OK);
}

static void what_is_over_already_is_not_told(void **state)
{
    (void)state;
    struct operation one = new_operation();
    call_start(&one.call, loop, 1000);
    call_end(&one.call, STATUS_OK);
    asker_leave(&asker);
    loop_turn(loop, 0);
    assert_int_equal(one.lefts, 0);
    assert_int_equal(one.status, STATUS_OK);
}

static void what_nobody_asked_for_is_nobodys(void **state)
{
    (void)state;
    struct operation one = new_operation();
    loop_set_asker(loop, NULL);
    call_start(&one.call, loop, 1000);
    assert_true(asker_is_free(&asker));
    asker_leave(&asker);
    assert_int_equal(one.lefts, 0);
    call_end(&one.call, STATUS_OK);
    loop_turn(loop, 0);
}

static void what_the_end_of_a_call_starts_is_for_the_same_asker(void **state)
{
    (void)state;
    struct operation one = new_operation(), two = new_operation();
    one.next = &two.call;
    call_start(&one.call, loop, 1000);
    loop_set_asker(loop, NULL);
    call_end(&one.call, STATUS_OK);
    loop_turn(loop, 0);
    assert_null(loop_asker(loop));
    asker_leave(&asker);
    loop_turn(loop, 0);
    assert_int_equal(two.status, STATUS_CANCELLED);
    assert_int_equal(two.ends, 1);
}

static void who_has_his_answer_leaves_nothing_behind(void **state)
{
    (void)state;
    struct operation one = new_operation();
    call_start(&one.call, loop, 1000);
    asker_fini(&asker);
    assert_null(loop_asker(loop));
    assert_null(one.call.asker);
    call_end(&one.call, STATUS_OK);
    loop_turn(loop, 0);
    assert_int_equal(one.lefts, 0);
    assert_int_equal(one.status, STATUS_OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_asker, end_asker)
    const struct CMUnitTest tests[] = {
        TEST(what_was_started_for_an_asker_ends_when_he_leaves_but_not_at_once),
        TEST(leaving_is_told_once),
        TEST(what_cannot_be_given_up_goes_on),
        TEST(what_is_over_already_is_not_told),
        TEST(what_nobody_asked_for_is_nobodys),
        TEST(what_the_end_of_a_call_starts_is_for_the_same_asker),
        TEST(who_has_his_answer_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
