#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "cqrs/cache/kept_table.h"

enum { ROOM = 4096 };

static const char entries, images; /* two collections: their addresses tell them apart */
static char letters[ROOM];

static struct uuid id_of(uint64_t number)
{
    return uuid_from(0, 0, number);
}

/* An answer of so many bytes, whose version is its number. */
static void put(struct kept_table *table, const void *collection, uint64_t number, size_t bytes)
{
    struct uuid id = id_of(number);
    memset(letters, 'x', sizeof(letters));
    kept_table_put(table, (struct kept_key){collection, &id},
                   &(struct kept){.mark = 2, .version = (int64_t)number, .text = {letters, bytes}});
}

static const struct kept *find(struct kept_table *table, const void *collection, uint64_t number)
{
    struct uuid id = id_of(number);
    return kept_table_find(table, (struct kept_key){collection, &id});
}

static void what_was_put_is_found_as_it_was(void **state)
{
    (void)state;
    struct kept_table *table = kept_table_new(ROOM);
    struct uuid id = id_of(7);
    assert_null(find(table, &entries, 7));
    kept_table_put(table, (struct kept_key){&entries, &id}, &(struct kept){4, 9, STR("{\"a\":1}")});
    const struct kept *kept = find(table, &entries, 7);
    assert_int_equal(kept->mark, 4);
    assert_int_equal(kept->version, 9);
    assert_true(str_equal(kept->text, STR("{\"a\":1}")));
    assert_null(find(table, &entries, 8));
    kept_table_free(&table);
    assert_null(table);
}

static void one_id_may_be_in_two_collections(void **state)
{
    (void)state;
    struct kept_table *table = kept_table_new(ROOM);
    put(table, &entries, 1, 10);
    assert_null(find(table, &images, 1));
    put(table, &images, 1, 20);
    assert_int_equal(find(table, &entries, 1)->text.len, 10);
    assert_int_equal(find(table, &images, 1)->text.len, 20);
    kept_table_free(&table);
}

static void what_is_put_again_replaces_itself(void **state)
{
    (void)state;
    struct kept_table *table = kept_table_new(ROOM);
    put(table, &entries, 1, 100);
    size_t bytes = kept_table_bytes(table);
    put(table, &entries, 1, 130);
    assert_int_equal(kept_table_count(table), 1);
    assert_int_equal(kept_table_bytes(table), bytes + 30);
    assert_int_equal(find(table, &entries, 1)->text.len, 130);
    kept_table_free(&table);
}

static void never_more_than_the_bound_is_kept(void **state)
{
    static const size_t bounds[] = {0, 1, 100, 1000, ROOM, 16 * ROOM};
    (void)state;
    for (size_t i = 0; i < countof(bounds); i++) {
        struct kept_table *table = kept_table_new(bounds[i]);
        for (uint64_t number = 0; number < 500; number++) {
            put(table, number % 3 == 0 ? &images : &entries, number % 200, number * 37 % 900);
            assert_true(kept_table_bytes(table) <= bounds[i]);
            assert_true(kept_table_bytes(table) >= kept_table_count(table));
        }
        assert_int_equal(kept_table_count(table) > 0, bounds[i] >= 1000);
        kept_table_free(&table);
    }
}

static void what_was_not_asked_for_the_longest_time_makes_room(void **state)
{
    (void)state;
    struct kept_table *table = kept_table_new(ROOM);
    uint64_t count = 0;
    while (kept_table_count(table) == count)
        put(table, &entries, count++, 300);
    count--; /* so many fit; the last one took the place of 0 */
    assert_true(count >= 8);
    assert_null(find(table, &entries, 0));
    assert_non_null(find(table, &entries, 1));
    put(table, &entries, 1000, 300);
    assert_non_null(find(table, &entries, 1));
    assert_null(find(table, &entries, 2));
    assert_int_equal(kept_table_count(table), count);
    kept_table_free(&table);
}

static void one_that_is_too_large_pushes_nothing_out(void **state)
{
    (void)state;
    struct kept_table *table = kept_table_new(ROOM);
    put(table, &entries, 1, 10);
    put(table, &entries, 2, 10);
    put(table, &entries, 3, ROOM / 8);
    assert_null(find(table, &entries, 3));
    assert_non_null(find(table, &entries, 1));
    put(table, &entries, 2, ROOM / 8); /* but the older one of its own must not stay */
    assert_null(find(table, &entries, 2));
    assert_int_equal(kept_table_count(table), 1);
    kept_table_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_is_found_as_it_was),
        cmocka_unit_test(one_id_may_be_in_two_collections),
        cmocka_unit_test(what_is_put_again_replaces_itself),
        cmocka_unit_test(never_more_than_the_bound_is_kept),
        cmocka_unit_test(what_was_not_asked_for_the_longest_time_makes_room),
        cmocka_unit_test(one_that_is_too_large_pushes_nothing_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
