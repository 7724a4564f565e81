#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "io/pg/pg_many.h"

static const struct pg_statement many = {.number = 1, .parameter_count = 2};
static const struct pg_statement one = {.parameter_count = 2, .many = &many};
static const struct pg_statement other = {.number = 2, .parameter_count = 2};

enum { QUERIES_MAX = 8 };

/* A batch's queries, and what was taken of them. */
struct given {
    struct list list;
    struct pg_query queries[QUERIES_MAX];
    size_t count;
    struct list *next;
    struct pg_many many;
    struct pg_arrays arrays;
};

static int open_given(void **state)
{
    struct given *given = mem_new(1, sizeof(*given));
    list_init(&given->list);
    *state = given;
    return 0;
}

static int close_given(void **state)
{
    struct given *given = *state;
    for (size_t i = 0; i < given->count; i++)
        pg_values_free(&given->queries[i].values);
    pg_many_free(&given->many);
    free(given);
    return 0;
}

static void add(struct given *given, const struct pg_statement *statement, int64_t number,
                struct str text)
{
    struct pg_query *query = &given->queries[given->count++];
    query->statement = statement;
    pg_values_add_number(&query->values, number);
    pg_values_add_text_or_null(&query->values, text);
    list_append(&given->list, &query->link);
    given->next = given->list.next;
}

static void assert_taken(struct given *given, const struct pg_statement *statement, size_t until)
{
    const struct pg_statement *taken =
        pg_many_take(&given->many, &given->next, &given->list, &given->arrays);
    const struct list *wanted = until == given->count ? &given->list : &given->queries[until].link;
    assert_ptr_equal(taken, statement);
    assert_ptr_equal(given->next, wanted);
}

static void assert_value(const struct given *given, int parameter, struct str bytes)
{
    assert_int_equal(given->arrays.lengths[parameter], bytes.len);
    assert_memory_equal(given->arrays.values[parameter], bytes.ptr, bytes.len);
}

static void neighbours_of_one_statement_become_an_array_for_each_parameter(void **state)
{
    struct given *given = *state;
    add(given, &one, 7, STR("a"));
    add(given, &one, -1, STR(""));
    assert_taken(given, &many, 2);
    assert_value(given, 0,
                 STR("\0\0\0\1\0\0\0\0\0\0\0\24\0\0\0\2\0\0\0\1"
                     "\0\0\0\10\0\0\0\0\0\0\0\7"
                     "\0\0\0\10\377\377\377\377\377\377\377\377"));
    assert_value(given, 1,
                 STR("\0\0\0\1\0\0\0\1\0\0\0\31\0\0\0\2\0\0\0\1"
                     "\0\0\0\1a\377\377\377\377"));
    assert_int_equal(given->arrays.formats[0] + given->arrays.formats[1], 2);
    assert_false(given->queries[0].follows);
    assert_true(given->queries[1].follows);
}

static void one_alone_goes_as_it_is(void **state)
{
    struct given *given = *state;
    add(given, &one, 7, STR("a"));
    assert_taken(given, &one, 1);
    assert_value(given, 0, STR("\0\0\0\0\0\0\0\7"));
    assert_value(given, 1, STR("a"));
    assert_int_equal(given->arrays.formats[1], 0);
    assert_false(given->queries[0].follows);
}

/* They lock rows in their order. */
static void none_overtakes_a_query_of_another_statement(void **state)
{
    struct given *given = *state;
    add(given, &one, 1, STR("a"));
    add(given, &one, 2, STR("b"));
    add(given, &other, 3, STR("c"));
    add(given, &other, 4, STR("d"));
    add(given, &one, 5, STR("e"));
    assert_taken(given, &many, 2);
    assert_taken(given, &other, 3);
    assert_taken(given, &other, 4);
    assert_taken(given, &one, 5);
    assert_value(given, 1, STR("e"));
}

static void more_than_a_megabyte_does_not_go_together(void **state)
{
    enum { LARGE = 400000 };
    struct given *given = *state;
    char *text = mem_new(1, LARGE);
    memset(text, 'x', LARGE);
    for (int i = 0; i < 5; i++)
        add(given, &one, i, (struct str){text, LARGE});
    free(text);
    assert_taken(given, &many, 2);
    assert_taken(given, &many, 4);
    assert_taken(given, &one, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            neighbours_of_one_statement_become_an_array_for_each_parameter, open_given,
            close_given),
        cmocka_unit_test_setup_teardown(one_alone_goes_as_it_is, open_given, close_given),
        cmocka_unit_test_setup_teardown(none_overtakes_a_query_of_another_statement, open_given,
                                        close_given),
        cmocka_unit_test_setup_teardown(more_than_a_megabyte_does_not_go_together, open_given,
                                        close_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
