#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>

#include "cqrs/replication/replica/validity.h"

enum { NOW = 1000, LATER = NOW + VALIDITY_LEASE_MS };

/* One lives as long as the process: all stay in reach. */
static struct validity *given_validity(void)
{
    static struct validity *all[16];
    static size_t count;
    assert_true(count < countof(all));
    return all[count++] = validity_new();
}

static struct uuid id_of(uint64_t number)
{
    return uuid_from(0, 0, number);
}

static uint64_t mark_at(const struct validity *validity, uint64_t number, msec_t now)
{
    struct uuid id = id_of(number);
    return validity_mark(validity, &id, now);
}

static void touch(struct validity *validity, uint64_t number)
{
    struct uuid id = id_of(number);
    validity_touch(validity, &id);
}

static void there_are_marks_only_while_the_lease_runs(void **state)
{
    (void)state;
    struct validity *validity = given_validity();
    assert_int_equal(mark_at(validity, 1, 0), 0);
    validity_hold(validity, NOW);
    uint64_t mark = mark_at(validity, 1, NOW);
    assert_int_not_equal(mark, 0);
    assert_int_equal(mark_at(validity, 1, LATER - 1), mark);
    assert_int_equal(mark_at(validity, 1, LATER), 0);
    validity_hold(validity, LATER); /* by the same session: nobody else was there meanwhile */
    assert_int_equal(mark_at(validity, 1, LATER), mark);
    validity_end(validity);
    assert_int_equal(mark_at(validity, 1, LATER), 0);
}

static void a_lease_that_begins_anew_voids_every_mark(void **state)
{
    (void)state;
    struct validity *validity = given_validity();
    uint64_t marks[100];
    validity_hold(validity, NOW);
    for (uint64_t i = 0; i < countof(marks); i++)
        marks[i] = mark_at(validity, i, NOW);
    validity_end(validity);
    validity_hold(validity, NOW);
    for (uint64_t i = 0; i < countof(marks); i++)
        assert_true(mark_at(validity, i, NOW) > marks[i]);
}

static void a_record_has_no_mark_while_it_changes_and_another_one_after(void **state)
{
    (void)state;
    struct validity *validity = given_validity();
    validity_hold(validity, NOW);
    uint64_t mark = mark_at(validity, 1, NOW);
    touch(validity, 1);
    assert_int_equal(mark_at(validity, 1, NOW), 0);
    touch(validity, 1); /* twice in one block */
    assert_int_equal(mark_at(validity, 1, NOW), 0);
    validity_settle(validity);
    assert_true(mark_at(validity, 1, NOW) > mark);
    mark = mark_at(validity, 1, NOW);
    validity_settle(validity); /* of nothing */
    assert_int_equal(mark_at(validity, 1, NOW), mark);
}

/* But for the few that share its bucket. */
static void other_records_keep_their_marks(void **state)
{
    (void)state;
    struct validity *validity = given_validity();
    uint64_t marks[1000], same = 0;
    validity_hold(validity, NOW);
    for (uint64_t i = 0; i < countof(marks); i++)
        marks[i] = mark_at(validity, i, NOW);
    touch(validity, 5000);
    validity_settle(validity);
    for (uint64_t i = 0; i < countof(marks); i++)
        same += mark_at(validity, i, NOW) == marks[i];
    assert_true(same > 990);
}

/* The commit's answer never came: whether it is in the database, nobody knows. */
static void what_nobody_settles_has_no_mark_until_the_next_lease_begins(void **state)
{
    (void)state;
    struct validity *validity = given_validity();
    validity_hold(validity, NOW);
    uint64_t mark = mark_at(validity, 1, NOW);
    touch(validity, 1);
    validity_hold(validity, NOW + 1);
    assert_int_equal(mark_at(validity, 1, NOW + 1), 0);
    validity_end(validity);
    validity_hold(validity, NOW + 2);
    assert_true(mark_at(validity, 1, NOW + 2) > mark);
    mark = mark_at(validity, 1, NOW + 2);
    touch(validity, 1);
    validity_settle(validity);
    assert_int_equal(mark_at(validity, 1, NOW + 2), mark + 2);
}

/* A database of few records, each only its version; one thread applies, the others look up as loops
 * do, keeping what they may. */
enum { RECORDS = 16, CHANGES = 200000, LOOKERS = 2 };

struct world {
    struct validity *validity;
    atomic_llong versions[RECORDS];
    atomic_bool is_over;
    atomic_llong hits, outdated;
};

struct kept {
    uint64_t mark;
    long long version;
};

static void look_up(struct world *world, struct kept *kept, uint64_t number)
{
    long long least = atomic_load(&world->versions[number]);
    uint64_t mark = mark_at(world->validity, number, NOW);
    if (mark != 0 && kept->mark == mark) {
        atomic_fetch_add(&world->hits, 1);
        if (kept->version < least)
            atomic_fetch_add(&world->outdated, 1);
        return;
    }
    *kept = (struct kept){mark, atomic_load(&world->versions[number])};
}

static void *run_looker(void *arg)
{
    struct world *world = arg;
    struct kept kept[RECORDS] = {0};
    for (uint64_t turn = 0; !atomic_load(&world->is_over); turn++)
        look_up(world, &kept[turn / 4 % RECORDS], turn / 4 % RECORDS);
    return NULL;
}

/* A block of up to three records, some of them twice; now and then the place is lost between, and
 * what was touched is not settled. */
static void apply(struct world *world, uint64_t change)
{
    uint64_t numbers[] = {change % RECORDS, change / 3 % RECORDS, change % RECORDS};
    bool is_lost = change % 5000 == 4999;
    for (size_t i = 0; i < countof(numbers); i++)
        touch(world->validity, numbers[i]);
    for (size_t i = 0; i < countof(numbers); i++)
        atomic_fetch_add(&world->versions[numbers[i]], 1);
    if (is_lost)
        validity_end(world->validity);
    else
        validity_settle(world->validity);
    validity_hold(world->validity, NOW);
}

static void nobody_finds_less_than_the_database_had_when_he_asked(void **state)
{
    (void)state;
    struct world world = {.validity = given_validity()};
    pthread_t threads[LOOKERS];
    validity_hold(world.validity, NOW);
    for (size_t i = 0; i < countof(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_looker, &world), 0);
    for (uint64_t change = 0; change < CHANGES || atomic_load(&world.hits) < 1000; change++)
        apply(&world, change);
    atomic_store(&world.is_over, true);
    for (size_t i = 0; i < countof(threads); i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(world.outdated, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_are_marks_only_while_the_lease_runs),
        cmocka_unit_test(a_lease_that_begins_anew_voids_every_mark),
        cmocka_unit_test(a_record_has_no_mark_while_it_changes_and_another_one_after),
        cmocka_unit_test(other_records_keep_their_marks),
        cmocka_unit_test(what_nobody_settles_has_no_mark_until_the_next_lease_begins),
        cmocka_unit_test(nobody_finds_less_than_the_database_had_when_he_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
