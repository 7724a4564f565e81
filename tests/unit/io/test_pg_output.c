#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "io/pg/pg_output.h"

/* Messages as PostgreSQL's manual has them in 55.9, put together from their parts. */
#define BEGIN                                                                                      \
    "B" LSN "\0\0\0\0\0\0\0\1"                                                                     \
    "\0\0\2\xf1"
#define LSN "\0\0\0\1\x02\xab\xcd\xe8"
#define COMMIT                                                                                     \
    "C"                                                                                            \
    "\0" LSN LSN "\0\0\0\0\0\0\0\1"
#define RELATION                                                                                   \
    "R" OID "mamparo\0"                                                                            \
    "events\0"                                                                                     \
    "d"
#define COLUMN(flags, name)                                                                        \
    flags name "\0"                                                                                \
               "\0\0\0\x19"                                                                        \
               "\xff\xff\xff\xff"
#define OID          "\0\0\x40\x07"
#define INSERT       "I" OID "N"
#define THREE        "\0\3"
#define TEXT_3(text) "b\0\0\0\3" text

#define EVENTS       RELATION THREE COLUMN("\1", "id") COLUMN("\0", "actor") COLUMN("\0", "data")

/* All of it on the heap, so that ASan sees the first byte read beyond it. */
static enum pg_output_kind read_copy(struct pg_output *output, struct str message,
                                     struct pg_log_row *row)
{
    char *copy = mem_copy(message.ptr, message.len);
    copy = realloc(copy, message.len > 0 ? message.len : 1);
    assert_non_null(copy);
    enum pg_output_kind kind = pg_output_read(output, (struct str){copy, message.len}, row);
    free(copy);
    return kind;
}

/* What a walsender says before the first row. */
static void begin(struct pg_output *output)
{
    struct pg_log_row row;
    assert_int_equal(read_copy(output, STR(BEGIN), &row), PG_OUTPUT_OTHER);
    assert_int_equal(read_copy(output, STR(EVENTS), &row), PG_OUTPUT_OTHER);
}

static void a_transaction_is_rows_of_one_commit(void **state)
{
    static const struct str insert = STR(INSERT THREE TEXT_3("a1b") "n"
                                                                    "b\0\0\0\0");
    (void)state;
    struct pg_output output = {0};
    struct pg_log_row row;
    begin(&output);
    for (uint64_t index = 0; index < 3; index++) {
        assert_int_equal(pg_output_read(&output, insert, &row), PG_OUTPUT_ROW);
        assert_true(row.commit == UINT64_C(0x102abcde8));
        assert_int_equal(row.index, index);
        assert_int_equal(row.column_count, 3);
        assert_true(str_equal(row.columns[0].name, STR("id")));
        assert_true(str_equal(row.columns[0].value, STR("a1b")));
        assert_true(str_equal(row.columns[1].name, STR("actor")));
        assert_null(row.columns[1].value.ptr);
        assert_true(str_equal(row.columns[2].name, STR("data")));
        assert_non_null(row.columns[2].value.ptr); /* empty is not null */
        assert_int_equal(row.columns[2].value.len, 0);
    }
    assert_int_equal(pg_output_read(&output, STR(COMMIT), &row), PG_OUTPUT_OTHER);
    pg_output_free(&output);
}

static void each_transaction_counts_its_rows_anew(void **state)
{
    static const struct str insert = STR(INSERT THREE "nnn");
    (void)state;
    struct pg_output output = {0};
    struct pg_log_row row;
    begin(&output);
    assert_int_equal(pg_output_read(&output, insert, &row), PG_OUTPUT_ROW);
    assert_int_equal(pg_output_read(&output, STR(COMMIT), &row), PG_OUTPUT_OTHER);
    assert_int_equal(
        pg_output_read(&output, STR("B\xff\xff\xff\xff\0\0\0\2\0\0\0\0\0\0\0\1\0\0\2\xf1"), &row),
        PG_OUTPUT_OTHER);
    assert_int_equal(pg_output_read(&output, insert, &row), PG_OUTPUT_ROW); /* no Relation again */
    assert_true(row.commit == UINT64_C(0xffffffff00000002));
    assert_int_equal(row.index, 0);
    pg_output_free(&output);
}

static void a_table_that_changed_is_announced_again(void **state)
{
    (void)state;
    struct pg_output output = {0};
    struct pg_log_row row;
    begin(&output);
    assert_int_equal(pg_output_read(&output, STR(RELATION "\0\1" COLUMN("\1", "key")), &row),
                     PG_OUTPUT_OTHER);
    assert_int_equal(pg_output_read(&output, STR(INSERT "\0\1" TEXT_3("abc")), &row),
                     PG_OUTPUT_ROW);
    assert_int_equal(row.column_count, 1);
    assert_true(str_equal(row.columns[0].name, STR("key")));
    assert_int_equal(pg_output_read(&output, STR(INSERT THREE "nnn"), &row), PG_OUTPUT_INVALID);
    pg_output_free(&output);
}

static void messages_without_rows_are_passed_over(void **state)
{
    static const struct str rows[] = {
        STR(COMMIT),
        STR("O" LSN "origin\0"),
        STR("Y\0\0\x40\x08"
            "public\0"
            "kind\0"),
        STR("T\0\0\0\1\0" OID),
        STR("U" OID "N" THREE "nnn"),
        STR("D" OID "K" THREE "nnn"),
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct pg_output output = {0};
        struct pg_log_row row;
        begin(&output);
        assert_int_equal(read_copy(&output, rows[i], &row), PG_OUTPUT_OTHER);
        assert_int_equal(pg_output_read(&output, STR(INSERT THREE "nnn"), &row), PG_OUTPUT_ROW);
        assert_int_equal(row.index, 0);
        pg_output_free(&output);
    }
}

/* The commit's position is all that we want of a Begin. */
static void a_message_that_is_cut_is_refused(void **state)
{
    static const struct {
        struct str message;
        size_t needed;
    } rows[] = {
        {STR(BEGIN), 9},
        {STR(EVENTS), sizeof(EVENTS) - 1},
        {STR(INSERT THREE TEXT_3("a1b") "n" TEXT_3("xyz")),
         sizeof(INSERT THREE TEXT_3("a1b") "n" TEXT_3("xyz")) - 1},
        {STR(INSERT THREE "nnn"), sizeof(INSERT THREE "nnn") - 1},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        for (size_t len = 0; len < rows[i].needed; len++) {
            struct pg_output output = {0};
            struct pg_log_row row;
            begin(&output);
            struct str cut = {rows[i].message.ptr, len};
            if (read_copy(&output, cut, &row) != PG_OUTPUT_INVALID)
                fail_msg("row %zu was taken with %zu bytes", i, len);
            pg_output_free(&output);
        }
}

static void what_is_no_message_is_refused(void **state)
{
    static const struct str rows[] = {
        STR(""),
        STR("\0"),
        STR("b" LSN),
        STR("Z"),
        STR("\xff"),
        STR("S\0\0\2\xf1\1"),              /* streams are of protocol version 2 */
        STR("I\0\0\x40\x08N" THREE "nnn"), /* another relation */
        STR("I" OID "K" THREE "nnn"),      /* an old key is no insert's */
        STR(INSERT "\0\2"
                   "nn"), /* fewer columns than announced */
        STR(INSERT "\0\4"
                   "nnnn"),                      /* more */
        STR(INSERT THREE "nun"),                 /* unchanged is no insert's */
        STR(INSERT THREE "nt\0\0\0\0n"),         /* text was not asked for */
        STR(INSERT THREE "nb\xff\xff\xff\xffn"), /* a length beyond the message */
        STR(INSERT THREE "nnb\0\0\0\4abc"),
        STR(RELATION "\0\x21" COLUMN("\0", "a")), /* 33 columns, with one there */
        STR(RELATION "\xff\xff"),
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct pg_output output = {0};
        struct pg_log_row row;
        begin(&output);
        if (read_copy(&output, rows[i], &row) != PG_OUTPUT_INVALID)
            fail_msg("row %zu was taken", i);
        pg_output_free(&output);
    }
}

static void a_row_of_an_unannounced_table_is_refused(void **state)
{
    (void)state;
    struct pg_output output = {0};
    struct pg_log_row row;
    assert_int_equal(read_copy(&output, STR(BEGIN), &row), PG_OUTPUT_OTHER);
    assert_int_equal(read_copy(&output, STR(INSERT THREE "nnn"), &row), PG_OUTPUT_INVALID);
    assert_int_equal(read_copy(&output, STR(INSERT "\0\0"), &row), PG_OUTPUT_INVALID);
    pg_output_free(&output);
}

static void as_many_columns_fit_as_a_row_has_room_for(void **state)
{
    (void)state;
    struct buf relation = {0}, insert = {0};
    struct pg_output output = {0};
    struct pg_log_row row;
    buf_append_str(&relation, STR(RELATION "\0\x20"));
    buf_append_str(&insert, STR(INSERT "\0\x20"));
    for (char c = 0; c < PG_LOG_COLUMNS_MAX; c++) {
        buf_append_str(&relation, STR(COLUMN("\0", "c")));
        buf_append_str(&insert, STR("b\0\0\0\1"));
        buf_append_char(&insert, (char)('A' + c));
    }
    assert_int_equal(read_copy(&output, buf_str(&relation), &row), PG_OUTPUT_OTHER);
    assert_int_equal(pg_output_read(&output, buf_str(&insert), &row), PG_OUTPUT_ROW);
    for (int c = 0; c < PG_LOG_COLUMNS_MAX; c++)
        assert_int_equal(row.columns[c].value.ptr[0], 'A' + c);
    buf_free(&relation);
    buf_free(&insert);
    pg_output_free(&output);
}

static void a_partition_is_described_and_its_rows_are_the_tables(void **state)
{
    static const struct str leaf = STR("R\0\0\x40\x09mamparo\0"
                                       "events_2026_11\0"
                                       "d\0\1" COLUMN("\1", "id"));
    (void)state;
    struct pg_output output = {.table = "events"};
    struct pg_log_row row;
    begin(&output);
    assert_int_equal(read_copy(&output, leaf, &row), PG_OUTPUT_OTHER);
    assert_int_equal(read_copy(&output, STR(INSERT THREE "nnn"), &row), PG_OUTPUT_ROW);
    assert_int_equal(row.column_count, 3);
    pg_output_free(&output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_partition_is_described_and_its_rows_are_the_tables),
        cmocka_unit_test(a_transaction_is_rows_of_one_commit),
        cmocka_unit_test(each_transaction_counts_its_rows_anew),
        cmocka_unit_test(a_table_that_changed_is_announced_again),
        cmocka_unit_test(messages_without_rows_are_passed_over),
        cmocka_unit_test(a_message_that_is_cut_is_refused),
        cmocka_unit_test(what_is_no_message_is_refused),
        cmocka_unit_test(a_row_of_an_unannounced_table_is_refused),
        cmocka_unit_test(as_many_columns_fit_as_a_row_has_room_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
