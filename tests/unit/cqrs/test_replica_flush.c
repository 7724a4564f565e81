#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "cqrs/replication/replica/replica_flush.h"
#include "fake/pg_session.h"

/* What each block is told, and the block up to which all is known to be on the disk then. */
static const struct {
    struct replica_log log;
    uint64_t flushed;
} slow_disk[] = {
    {{19, 5}, 0},  /* before it: block 1, awaited from now on, up to 19 */
    {{29, 18}, 0}, /* not yet */
    {{39, 19}, 1}, /* now block 3 is awaited, up to 39 */
    {{49, 38}, 1}, {{59, 59}, 3}, {{69, 69}, 5},
};

static void only_what_is_on_the_disk_counts_as_flushed(void **state)
{
    struct replica_flush flush = {0};
    (void)state;
    for (size_t i = 0; i < countof(slow_disk); i++) {
        replica_flush_see(&flush, (struct position){i + 1, 0}, &slow_disk[i].log);
        assert_int_equal(flush.flushed.commit, slow_disk[i].flushed);
    }
}

static void what_was_forced_stays_flushed(void **state)
{
    struct pg_session session = {0};
    char name[] = "shop";
    const struct service shop = {.name = name};
    struct replica_cursor cursor = {.service = &shop, .position = {7, 0}};
    struct replica_flush flush = {.flushed = {3, 0}, .awaited = {5, 0}, .end = 99};
    (void)state;
    assert_true(replica_flush_force(&flush, &session, &cursor));
    assert_int_equal(flush.flushed.commit, 7);
    replica_flush_see(&flush, cursor.position, &(struct replica_log){100, 50});
    assert_int_equal(flush.flushed.commit, 7);
    unsigned runs = session.runs;
    assert_true(replica_flush_force(&flush, &session, &cursor));
    assert_int_equal(session.runs, runs);
    fake_pg_session_fini(&session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_on_the_disk_counts_as_flushed),
        cmocka_unit_test(what_was_forced_stays_flushed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
