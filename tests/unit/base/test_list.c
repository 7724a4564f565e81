#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "base/list.h"

struct guest {
    int number;
    struct list link;
};

static struct guest guests[3];

/* A fresh head with guests 0, 1 and 2 on it. */
static void seat_all(struct list *head)
{
    list_init(head);
    for (size_t i = 0; i < countof(guests); i++) {
        guests[i].number = (int)i;
        list_init(&guests[i].link);
        list_append(head, &guests[i].link);
    }
}

static void assert_order(const struct list *head, const char *expected)
{
    const struct list *before = head;
    list_each (link, (struct list *)(uintptr_t)head) {
        assert_ptr_equal(link->prev, before);
        assert_int_equal(container_of(link, struct guest, link)->number, *expected++ - '0');
        before = link;
    }
    assert_ptr_equal(head->prev, before);
    assert_int_equal(*expected, '\0');
}

static void a_new_list_is_empty_and_gives_nothing(void **state)
{
    (void)state;
    struct list head;
    list_init(&head);
    assert_true(list_is_empty(&head));
    assert_null(list_take_first(&head));
    assert_order(&head, "");
}

static void links_stay_in_the_order_they_came(void **state)
{
    (void)state;
    struct list head;
    seat_all(&head);
    assert_false(list_is_empty(&head));
    assert_order(&head, "012");
}

static void any_link_can_leave_from_any_place(void **state)
{
    static const char *const left[] = {"12", "02", "01"};
    (void)state;
    for (size_t i = 0; i < countof(left); i++) {
        struct list head;
        seat_all(&head);
        list_remove(&guests[i].link);
        assert_order(&head, left[i]);
        assert_true(list_is_empty(&guests[i].link));
    }
}

static void leaving_twice_is_harmless(void **state)
{
    (void)state;
    struct list head;
    seat_all(&head);
    list_remove(&guests[1].link);
    list_remove(&guests[1].link);
    assert_order(&head, "02");
    list_append(&head, &guests[1].link);
    assert_order(&head, "021");
}

static void taking_the_first_goes_on_until_none_is_left(void **state)
{
    (void)state;
    struct list head;
    seat_all(&head);
    for (size_t i = 0; i < countof(guests); i++) {
        struct list *first = list_take_first(&head);
        assert_ptr_equal(first, &guests[i].link);
        assert_true(list_is_empty(first));
    }
    assert_null(list_take_first(&head));
    assert_true(list_is_empty(&head));
}

static void moving_all_keeps_the_order_and_empties_the_source(void **state)
{
    (void)state;
    struct list head, other;
    seat_all(&head);
    list_init(&other);
    list_remove(&guests[2].link);
    list_append(&other, &guests[2].link);
    list_move_all(&other, &head);
    assert_order(&other, "201");
    assert_true(list_is_empty(&head));
    list_move_all(&other, &head);
    assert_order(&other, "201");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_list_is_empty_and_gives_nothing),
        cmocka_unit_test(links_stay_in_the_order_they_came),
        cmocka_unit_test(any_link_can_leave_from_any_place),
        cmocka_unit_test(leaving_twice_is_harmless),
        cmocka_unit_test(taking_the_first_goes_on_until_none_is_left),
        cmocka_unit_test(moving_all_keeps_the_order_and_empties_the_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
