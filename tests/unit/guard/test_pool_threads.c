#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>

#include "given_pool.h"

/* Several loops on one pool: built with -fsanitize=thread, this also shows that they do not race.
 */

enum { THREADS = 4, ROUNDS = 10000, SERVERS = 3 };

struct given_threads {
    struct fleet *fleet;
    struct pool *pool;
    _Atomic msec_t now;
    atomic_int ejected, returned;
    atomic_bool is_over;
    pthread_barrier_t all_here;
};

static void on_shared_event(void *arg, int server, enum pool_event event)
{
    struct given_threads *given = arg;
    (void)server;
    if (event == POOL_EJECTED)
        given->ejected++;
    else if (event == POOL_RETURNED)
        given->returned++;
}

static void open_shared(struct given_threads *given, enum pool_policy policy)
{
    struct pool_limits how = limits;
    how.policy = policy;
    how.failures_max = 1;
    how.ejection = 20;
    how.ejection_max = 100;
    how.lease = 5;
    *given = (struct given_threads){.now = 1};
    given->fleet = fleet_new((struct fleet_limits){.down_after = 1, .up_after = 1});
    given->pool = pool_new(given->fleet, SERVICE, how, on_shared_event, given);
    for (int i = 0; i < SERVERS; i++) {
        char name[] = {(char)('a' + i), '\0'};
        assert_int_equal(fleet_join(given->fleet, str_from(name), SERVICE, FLEET_UP, 0), i);
    }
}

static void close_shared(struct given_threads *given)
{
    for (int i = 0; i < SERVERS; i++)
        assert_int_equal(pool_in_flight(given->pool, i), 0);
    free(given->fleet);
    free(given->pool);
}

/* A request a round, each of which ends somehow; some are asked of a second server. */
static void *hammer(void *arg)
{
    struct given_threads *given = arg;
    uint32_t random = (uint32_t)(uintptr_t)&random;
    pthread_barrier_wait(&given->all_here);
    for (int round = 0; round < ROUNDS; round++) {
        msec_t asked_at = given->now++;
        random = random * 1664525 + 1013904223;
        int first =
            pool_take(given->pool, 0, random >> 31 ? POOL_FRESHEST : POOL_LEAST_BUSY, asked_at);
        if (first == POOL_NONE)
            continue;
        int second = pool_take(given->pool, UINT64_C(1) << first, POOL_LEAST_BUSY, asked_at);
        pool_give_back(given->pool, first, (enum pool_outcome)(random >> 8 & 3), asked_at,
                       given->now);
        if (second != POOL_NONE)
            pool_give_back(given->pool, second, POOL_SUCCEEDED, asked_at, given->now);
    }
    return NULL;
}

/* Meanwhile servers come and go, up and down; the last one stays. */
static void *shake(void *arg)
{
    struct given_threads *given = arg;
    pthread_barrier_wait(&given->all_here);
    for (unsigned n = 0; !given->is_over; n++) {
        fleet_note(given->fleet, 0, n % 2 == 0 ? FLEET_SILENT : FLEET_PASSED, given->now);
        fleet_note_lag(given->fleet, (int)(n % SERVERS), n % 300, given->now);
        if (n % 2 == 0)
            fleet_leave(given->fleet, 1, given->now);
        else
            fleet_join(given->fleet, STR("b"), SERVICE, FLEET_UP, given->now);
    }
    return NULL;
}

static void run(struct given_threads *given, enum pool_policy policy, bool is_shaken)
{
    pthread_t threads[THREADS], shaker;
    open_shared(given, policy);
    pthread_barrier_init(&given->all_here, NULL, THREADS + is_shaken);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, given), 0);
    if (is_shaken)
        assert_int_equal(pthread_create(&shaker, NULL, shake, given), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    given->is_over = true;
    if (is_shaken)
        pthread_join(shaker, NULL);
}

static void what_is_taken_is_given_back_once(void **state)
{
    struct given_threads given;
    (void)state;
    for (enum pool_policy policy = POOL_BALANCED; policy <= POOL_PRINCIPAL; policy++) {
        run(&given, policy, false);
        assert_in_range(given.ejected, 1, ROUNDS * THREADS);
        assert_in_range(given.ejected - given.returned, 0, SERVERS - 1);
        close_shared(&given);
    }
}

static void so_it_is_while_servers_come_and_go(void **state)
{
    struct given_threads given;
    (void)state;
    for (enum pool_policy policy = POOL_BALANCED; policy <= POOL_PRINCIPAL; policy++) {
        run(&given, policy, true);
        assert_in_range(given.returned, 0, given.ejected);
        close_shared(&given);
    }
}

/* Lets one server of two fail, at the same time as another thread the other one. */
struct killer {
    struct given_threads *given;
    int server;
};

static void *kill_one(void *arg)
{
    struct killer *killer = arg;
    pthread_barrier_wait(&killer->given->all_here);
    for (int i = 0; i < 2; i++)
        pool_give_back(killer->given->pool, killer->server, POOL_FAILED, 1, 1);
    return NULL;
}

static void two_loops_never_eject_both_of_the_last_two(void **state)
{
    enum { AGAIN = 300 };
    (void)state;
    for (int again = 0; again < AGAIN; again++) {
        struct given_threads given;
        struct killer killers[2];
        pthread_t threads[2];
        open_shared(&given, POOL_BALANCED);
        fleet_leave(given.fleet, 2, 0);
        pthread_barrier_init(&given.all_here, NULL, 2);
        for (int i = 0; i < 4; i++)
            assert_int_equal(pool_take(given.pool, UINT64_C(2) >> (i % 2), POOL_LEAST_BUSY, 1),
                             i % 2);
        for (int i = 0; i < 2; i++) {
            killers[i] = (struct killer){&given, i};
            assert_int_equal(pthread_create(&threads[i], NULL, kill_one, &killers[i]), 0);
        }
        for (int i = 0; i < 2; i++)
            pthread_join(threads[i], NULL);
        assert_int_equal(given.ejected, 1);
        assert_int_not_equal(pool_ejected_for(given.pool, 0, 1) > 0,
                             pool_ejected_for(given.pool, 1, 1) > 0);
        close_shared(&given);
    }
}

/* All loops at once want to try the one that is down. */
static void *try_it(void *arg)
{
    struct given_threads *given = arg;
    pthread_barrier_wait(&given->all_here);
    return pool_take(given->pool, ~UINT64_C(1), POOL_LEAST_BUSY, 100) == POOL_NONE ? NULL : given;
}

static void of_all_loops_one_gets_the_lease(void **state)
{
    enum { AGAIN = 200 };
    (void)state;
    for (int again = 0; again < AGAIN; again++) {
        struct given_threads given;
        pthread_t threads[THREADS];
        unsigned winners = 0;
        open_shared(&given, POOL_BALANCED);
        fleet_note(given.fleet, 0, FLEET_SILENT, 1);
        pthread_barrier_init(&given.all_here, NULL, THREADS);
        for (int i = 0; i < THREADS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, try_it, &given), 0);
        for (int i = 0; i < THREADS; i++) {
            void *won;
            pthread_join(threads[i], &won);
            winners += won != NULL;
        }
        assert_int_equal(winners, 1);
        pool_give_back(given.pool, 0, POOL_GIVEN_UP, 100, 100);
        close_shared(&given);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_taken_is_given_back_once),
        cmocka_unit_test(so_it_is_while_servers_come_and_go),
        cmocka_unit_test(two_loops_never_eject_both_of_the_last_two),
        cmocka_unit_test(of_all_loops_one_gets_the_lease),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
