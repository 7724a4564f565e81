#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "cqrs/applied_store.h"
#include "fake/pg_pool.h"

#define ID "018f3e7c-0000-7000-8000-00000000000a"

static char table[] = "\"medical\".\"entries\"", medical[] = "medical", name[] = "entries";
static const struct collection entries = {.service = medical, .name = name, .table = table};

static void keep_status(void *arg, enum status status)
{
    *(enum status *)arg = status;
}

static enum status look(const struct pg_outcome *outcome)
{
    struct loop *loop = loop_new();
    struct pg_pool *pool = pg_pool_open(loop, NULL);
    enum status told = STATUS_INTERNAL;
    struct read_token token = {.collection = &entries, .version = 3};
    assert_true(uuid_parse(STR(ID), &token.id));
    applied_store_look(pool, &token, keep_status, &told);
    assert_int_equal(pool->count, 1);
    const struct fake_query *query = &pool->queries[0];
    assert_non_null(strstr(query->statement->sql, "from \"medical\".\"entries\" where id = $1"));
    assert_true(str_equal(fake_query_value(query, 0), STR(ID)));
    assert_true(str_equal(fake_query_value(query, 1), STR("3")));
    fake_pg_pool_answer(pool, outcome);
    free(pool->statements[0]->sql);
    free(pool->statements[0]);
    free(pool);
    free(loop);
    return told;
}

static void a_row_says_that_it_is_applied(void **state)
{
    static const char *const cells[] = {"1"};
    static const struct pg_rows one = {.count = 1, .columns = 1, .cells = cells}, none = {0};
    (void)state;
    assert_int_equal(look(&(struct pg_outcome){.rows = &one}), STATUS_OK);
    assert_int_equal(look(&(struct pg_outcome){.rows = &none}), STATUS_TOO_STALE);
}

static void a_database_that_gives_no_answer_says_nothing_of_it(void **state)
{
    (void)state;
    assert_int_equal(look(&(struct pg_outcome){.status = STATUS_UNAVAILABLE}), STATUS_UNAVAILABLE);
    assert_int_equal(look(&(struct pg_outcome){.status = STATUS_QUEUE_FULL}), STATUS_QUEUE_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_says_that_it_is_applied),
        cmocka_unit_test(a_database_that_gives_no_answer_says_nothing_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
