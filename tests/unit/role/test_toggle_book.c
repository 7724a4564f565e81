#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>
#include <errno.h>
#include <unistd.h>

#include "given_toggles.h"
#include "role/gateway/switch/toggle_changes.h"
#include "role/gateway/switch/toggle_file.h"

static void text_of(const struct toggle_book *book, struct buf *out)
{
    buf_append_text(out, "");
    toggle_book_write(book, out);
}

static void every_switch_is_on_that_nobody_changed(void **state)
{
    struct toggle_book book;
    struct buf text = {0};
    (void)state;
    toggle_book_init(&book, &given_model);
    assert_int_equal(book.switch_count, 4);
    for (size_t i = 0; i < book.switch_count; i++) {
        const struct toggle_change *head = &book.heads[i];
        assert_true(head->is_on && head->version == 0);
        assert_int_equal(toggle_place(&given_model, head->service, head->side), i);
    }
    text_of(&book, &text);
    assert_string_equal(text.ptr, "");
    buf_free(&text);
    toggle_book_free(&book);
}

/* A small generator of its own: the same run each time. */
static uint32_t next_number(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 16;
}

static struct toggle_change random_change(uint32_t *seed)
{
    struct toggle_change change =
        given_change(1 + next_number(seed) % 5, next_number(seed) % 2, next_number(seed) % 4);
    change.service = &given_services[next_number(seed) % 2];
    change.side = next_number(seed) % 2;
    change.by[0] = (char)('A' + next_number(seed) % 3);
    return change;
}

static void in_whatever_order_they_come_the_same_changes_make_the_same_book(void **state)
{
    enum { ROUNDS = 200, CHANGES = 40 };
    uint32_t seed = 6;
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct toggle_change changes[CHANGES];
        struct toggle_book forth, back;
        struct buf texts[2] = {{0}, {0}};
        toggle_book_init(&forth, &given_model);
        toggle_book_init(&back, &given_model);
        for (size_t i = 0; i < CHANGES; i++) {
            changes[i] = random_change(&seed);
            toggle_book_take(&forth, &changes[i]);
        }
        for (size_t i = 0; i < 3 * CHANGES; i++)
            toggle_book_take(&back, &changes[next_number(&seed) % CHANGES]);
        for (size_t i = CHANGES; i > 0; i--)
            toggle_book_take(&back, &changes[i - 1]);
        text_of(&forth, &texts[0]);
        text_of(&back, &texts[1]);
        assert_string_equal(texts[0].ptr, texts[1].ptr);
        buf_free(&texts[0]);
        buf_free(&texts[1]);
        toggle_book_free(&forth);
        toggle_book_free(&back);
    }
}

static void only_a_higher_change_turns_a_switch(void **state)
{
    struct toggle_book book;
    struct toggle_change second = given_change(2, false, 5), first = given_change(1, true, 9);
    (void)state;
    toggle_book_init(&book, &given_model);
    assert_true(toggle_book_take(&book, &second));
    assert_false(toggle_book_take(&book, &second));
    assert_false(toggle_book_take(&book, &first));
    assert_int_equal(book.heads[0].version, 2);
    assert_int_equal(book.history_count, 2);
    toggle_book_free(&book);
}

static void the_history_keeps_the_last_thousand_and_a_switch_its_head(void **state)
{
    enum { MORE = 50 };
    struct toggle_book book;
    struct toggle_change quiet = given_change(1, false, -1);
    (void)state;
    toggle_book_init(&book, &given_model);
    quiet.side = SIDE_WRITES;
    toggle_book_take(&book, &quiet);
    for (int64_t i = 0; i < TOGGLE_HISTORY_MAX + MORE; i++) {
        struct toggle_change change = given_change(i + 1, i % 2, i);
        toggle_book_take(&book, &change);
    }
    struct toggle_change old = given_change(3, true, 3);
    toggle_book_take(&book, &old);
    assert_int_equal(book.history_count, TOGGLE_HISTORY_MAX);
    for (size_t i = 0; i < book.history_count; i++)
        assert_int_equal(book.history[i]->version, MORE + 1 + i);
    assert_false(book.heads[SIDE_WRITES].is_on);
    toggle_book_free(&book);
}

static void what_others_lack_is_what_they_do_not_have_as_high(void **state)
{
    struct toggle_book book;
    struct toggle_changes theirs = {0}, lacking = {0};
    struct toggle_change mine = given_change(2, false, 0), same = mine;
    struct toggle_change lower = given_change(1, false, 0), higher = given_change(3, true, 0);
    const struct {
        const struct toggle_change *theirs;
        size_t lacking;
    } rows[] = {{NULL, 1}, {&same, 0}, {&lower, 1}, {&higher, 0}};
    (void)state;
    toggle_book_init(&book, &given_model);
    toggle_book_take(&book, &mine);
    for (size_t i = 0; i < countof(rows); i++) {
        toggle_changes_reset(&theirs);
        toggle_changes_reset(&lacking);
        if (rows[i].theirs != NULL)
            toggle_changes_add(&theirs, rows[i].theirs);
        toggle_changes_add_lacking(&lacking, book.heads, book.switch_count, &theirs);
        assert_int_equal(lacking.count, rows[i].lacking);
    }
    toggle_changes_free(&theirs);
    toggle_changes_free(&lacking);
    toggle_book_free(&book);
}

/* The file */

static char folder[] = "/tmp/mamparo-toggles-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    char path[64];
    (void)state;
    snprintf(path, sizeof(path), "%s/toggles.jsonl", folder);
    unlink(path);
    return rmdir(folder);
}

static void a_file_that_is_not_there_yet_says_nothing(void **state)
{
    struct buf text = {0};
    (void)state;
    assert_true(toggle_file_read(folder, &text));
    assert_int_equal(text.len, 0);
    buf_free(&text);
}

static void a_file_is_replaced_as_a_whole(void **state)
{
    static const struct str texts[] = {{"a longer text\n", 14}, {"short\n", 6}, {"", 0}};
    (void)state;
    for (size_t i = 0; i < countof(texts); i++) {
        struct buf text = {0};
        assert_true(toggle_file_write(folder, texts[i]));
        assert_true(toggle_file_read(folder, &text));
        assert_true(str_equal(buf_str(&text), texts[i]));
        buf_free(&text);
    }
}

static void a_folder_that_is_not_there_is_a_failure(void **state)
{
    struct buf text = {0};
    (void)state;
    assert_false(toggle_file_read("/nowhere/at/all", &text));
    assert_int_equal(errno, ENOENT);
    assert_false(toggle_file_write("/nowhere/at/all", STR("x")));
    assert_int_equal(errno, ENOENT);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_switch_is_on_that_nobody_changed),
        cmocka_unit_test(in_whatever_order_they_come_the_same_changes_make_the_same_book),
        cmocka_unit_test(only_a_higher_change_turns_a_switch),
        cmocka_unit_test(the_history_keeps_the_last_thousand_and_a_switch_its_head),
        cmocka_unit_test(what_others_lack_is_what_they_do_not_have_as_high),
        cmocka_unit_test(a_file_that_is_not_there_yet_says_nothing),
        cmocka_unit_test(a_file_is_replaced_as_a_whole),
        cmocka_unit_test(a_folder_that_is_not_there_is_a_failure),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
