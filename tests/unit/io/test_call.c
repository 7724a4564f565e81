#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "base/clock.h"
#include "io/call.h"

static struct loop *loop;

static int make_loop(void **state)
{
    (void)state;
    loop = loop_new();
    return 0;
}

/* An operation, and what was told of it. */
struct operation {
    struct call call;
    unsigned deadlines, ends;
    enum status status;
};

static void on_deadline(struct call *call)
{
    container_of(call, struct operation, call)->deadlines++;
    call_end(call, STATUS_TIMEOUT);
}

static void on_end(struct call *call)
{
    struct operation *operation = container_of(call, struct operation, call);
    operation->ends++;
    operation->status = call->status;
}

static struct operation new_operation(void)
{
    return (struct operation){.call = {.on_deadline = on_deadline, .on_end = on_end}};
}

static void turn_for(msec_t wait)
{
    msec_t until = clock_monotonic() + wait;
    do
        loop_turn(loop, 1);
    while (clock_monotonic() < until);
}

/* Turns until there is one, or for a second. */
static void turn_until_one(const unsigned *count)
{
    msec_t until = clock_monotonic() + 1000;
    while (*count == 0 && clock_monotonic() < until)
        loop_turn(loop, 10);
    assert_int_equal(*count, 1);
}

static void an_end_is_told_once_and_after_the_turn(void **state)
{
    static const enum status statuses[] = {STATUS_OK, STATUS_CANCELLED, STATUS_UNCERTAIN};
    (void)state;
    for (size_t i = 0; i < countof(statuses); i++) {
        struct operation operation = new_operation();
        call_start(&operation.call, loop, 1000);
        call_end(&operation.call, statuses[i]);
        assert_int_equal(operation.ends, 0);
        turn_for(5);
        assert_int_equal(operation.ends, 1);
        assert_int_equal(operation.status, statuses[i]);
    }
}

static void a_deadline_ends_what_nobody_ended(void **state)
{
    (void)state;
    struct operation operation = new_operation();
    call_start(&operation.call, loop, 5);
    assert_false(operation.call.is_over);
    turn_until_one(&operation.ends);
    turn_for(10);
    assert_int_equal(operation.deadlines, 1);
    assert_int_equal(operation.ends, 1);
    assert_int_equal(operation.status, STATUS_TIMEOUT);
}

static void an_end_comes_before_its_deadline_or_instead_of_it(void **state)
{
    (void)state;
    struct operation operation = new_operation();
    call_start(&operation.call, loop, 10);
    loop_turn(loop, 0);
    call_end(&operation.call, STATUS_OK);
    turn_for(30);
    assert_int_equal(operation.deadlines, 0);
    assert_int_equal(operation.ends, 1);
    assert_int_equal(operation.status, STATUS_OK);
}

/* As http_client and pg_pool do: ASan would see a call that touched itself afterwards. */
static unsigned freed;

static void free_operation(struct call *call)
{
    freed++;
    free(container_of(call, struct operation, call));
}

static void its_memory_may_go_as_soon_as_its_end_is_told(void **state)
{
    static const msec_t deadlines[] = {1, 1000};
    (void)state;
    for (size_t i = 0; i < countof(deadlines); i++) {
        struct operation *operation = mem_new(1, sizeof(*operation));
        *operation = new_operation();
        operation->call.on_end = free_operation;
        call_start(&operation->call, loop, deadlines[i]);
        if (deadlines[i] == 1000)
            call_end(&operation->call, STATUS_OK);
        turn_until_one(&freed);
        freed = 0;
    }
}

static void operations_end_in_the_order_in_which_they_were_ended(void **state)
{
    (void)state;
    struct operation first = new_operation(), second = new_operation();
    call_start(&first.call, loop, 1000);
    call_start(&second.call, loop, 1000);
    call_end(&second.call, STATUS_OK);
    loop_turn(loop, 0);
    assert_int_equal(second.ends, 1);
    assert_int_equal(first.ends, 0);
    call_end(&first.call, STATUS_CANCELLED);
    loop_turn(loop, 0);
    assert_int_equal(first.ends, 1);
    assert_int_equal(first.status, STATUS_CANCELLED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_end_is_told_once_and_after_the_turn),
        cmocka_unit_test(a_deadline_ends_what_nobody_ended),
        cmocka_unit_test(an_end_comes_before_its_deadline_or_instead_of_it),
        cmocka_unit_test(its_memory_may_go_as_soon_as_its_end_is_told),
        cmocka_unit_test(operations_end_in_the_order_in_which_they_were_ended),
    };
    return cmocka_run_group_tests(tests, make_loop, NULL);
}
