#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "base/shelf.h"

enum { PIECE = 100, MANY = SHELF_MOST + 3 };

static void what_was_given_back_is_taken_again(void **state)
{
    struct shelf shelf = {.size = PIECE};
    void *pieces[MANY];
    (void)state;
    for (size_t i = 0; i < MANY; i++)
        pieces[i] = memset(shelf_take(&shelf, i % PIECE), (int)i, PIECE);
    for (size_t i = 0; i < MANY; i++)
        shelf_give(&shelf, pieces[i], i % PIECE);
    assert_int_equal(shelf.kept, SHELF_MOST);
    for (int i = SHELF_MOST; i-- > 0;)
        assert_ptr_equal(shelf_take(&shelf, PIECE), pieces[i]);
    assert_int_equal(shelf.kept, 0);
    for (int i = 0; i < SHELF_MOST; i++)
        free(pieces[i]);
}

static void what_is_larger_than_a_piece_is_not_kept(void **state)
{
    struct shelf shelf = {.size = PIECE};
    (void)state;
    shelf_give(&shelf, memset(shelf_take(&shelf, PIECE + 1), 0, PIECE + 1), PIECE + 1);
    assert_int_equal(shelf.kept, 0);
}

static void a_larger_one_does_not_get_a_piece_that_is_kept(void **state)
{
    struct shelf shelf = {.size = PIECE};
    (void)state;
    shelf_give(&shelf, shelf_take(&shelf, PIECE), PIECE);
    void *large = memset(shelf_take(&shelf, 2 * PIECE), 0, 2 * PIECE);
    assert_int_equal(shelf.kept, SHELF_MOST > 0);
    shelf_give(&shelf, large, 2 * PIECE);
    shelf_fini(&shelf);
    assert_int_equal(shelf.kept, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_given_back_is_taken_again),
        cmocka_unit_test(what_is_larger_than_a_piece_is_not_kept),
        cmocka_unit_test(a_larger_one_does_not_get_a_piece_that_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
