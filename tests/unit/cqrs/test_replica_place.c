#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "base/clock.h"
#include "cqrs/replication/replica/replica_place.h"
#include "cqrs/replication/replica/validity.h"
#include "fake/pg_pool.h"
#include "fake/pg_session.h"

static const char *const no[] = {"f"};
static const struct pg_rows none = {.count = 0}, one = {.count = 1, .columns = 1, .cells = no};

/* How long there is to wait, when that is what the database says of the one before. */
static msec_t enter(const struct pg_rows *before)
{
    const struct pg_rows *const rows[] = {before, &one};
    struct pg_session session = {.rows = rows};
    struct service service = {.name = (char[]){"shop"}};
    struct uuid process = uuid_new();
    char name[UUID_TEXT_SIZE];
    struct validity *validity = validity_new();
    assert_true(replica_place_enter(&session, &service, &process, validity));
    uuid_format(&process, name);
    assert_int_equal(session.runs, 2);
    assert_non_null(strstr(session.sql.ptr, "insert into mamparo.appliers"));
    assert_non_null(strstr(session.values[2].ptr, name));
    fake_pg_session_fini(&session);
    msec_t wait = validity_wait(validity, clock_monotonic());
    free(validity);
    return wait;
}

static void the_lease_of_another_one_is_waited_for(void **state)
{
    (void)state;
    msec_t wait = enter(&one);
    assert_true(wait > VALIDITY_LEASE_MS / 2 && wait <= VALIDITY_LEASE_MS);
}

static void whoever_had_the_place_before_need_not_wait(void **state)
{
    (void)state;
    assert_true(enter(&none) <= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lease_of_another_one_is_waited_for),
        cmocka_unit_test(whoever_had_the_place_before_need_not_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
