#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>
#include <math.h>

#include "guard/aimd.h"

enum { CAP = 256, SECOND = 1000000 };

/* A server of so many workers with one queue before them, and clients that always have so many
 * requests more. Instants and spans are microseconds. */
struct world {
    struct aimd aimd;
    unsigned workers, demand;
    int64_t service; /* on average; exponential */
    int64_t now, free_at[CAP];
    unsigned in_flight;
    struct {
        int64_t sent, done;
    } requests[CAP];
    unsigned seed;
    unsigned least, most; /* limits seen */
    int64_t answers, latency;
};

static struct world *new_world(unsigned workers, int64_t service, unsigned demand)
{
    struct world *world = mem_new(1, sizeof(*world));
    world->workers = workers;
    world->service = service;
    world->demand = demand;
    world->seed = 1;
    aimd_init(&world->aimd, CAP, 0);
    return world;
}

static size_t first_free(const struct world *world)
{
    size_t first = 0;
    for (size_t i = 1; i < world->workers; i++)
        if (world->free_at[i] < world->free_at[first])
            first = i;
    return first;
}

static void send(struct world *world)
{
    size_t worker = first_free(world);
    int64_t begin = world->free_at[worker] > world->now ? world->free_at[worker] : world->now;
    double chance = (rand_r(&world->seed) + 1.0) / (RAND_MAX + 2.0);
    world->free_at[worker] = begin + (int64_t)(-log(chance) * (double)world->service);
    world->requests[world->in_flight].sent = world->now;
    world->requests[world->in_flight++].done = world->free_at[worker];
}

static void answer_first(struct world *world)
{
    size_t first = 0;
    for (size_t i = 1; i < world->in_flight; i++)
        if (world->requests[i].done < world->requests[first].done)
            first = i;
    world->now = world->requests[first].done;
    int64_t latency = world->now - world->requests[first].sent;
    aimd_note(&world->aimd, latency, world->in_flight, world->now / 1000);
    world->requests[first] = world->requests[--world->in_flight];
    world->answers++;
    world->latency += latency;
}

static void run(struct world *world, int64_t seconds)
{
    int64_t end = world->now + seconds * SECOND;
    world->answers = world->latency = 0;
    world->least = UINT32_MAX;
    world->most = 0;
    while (world->now < end) {
        unsigned limit = aimd_limit(&world->aimd);
        world->least = limit < world->least ? limit : world->least;
        world->most = limit > world->most ? limit : world->most;
        while (world->in_flight < limit && world->in_flight < world->demand)
            send(world);
        answer_first(world);
    }
}

/* Nearly all that the server can do is done, and nobody waits there for long. */
static void assert_near_capacity(struct world *world)
{
    run(world, 20);
    int64_t possible = 20 * SECOND / world->service * world->workers;
    assert_in_range(world->answers, possible * 9 / 10, possible * 11 / 10);
    assert_in_range(world->latency / world->answers, world->service * 9 / 10, 2 * world->service);
}

static const struct {
    unsigned workers;
    int64_t service;
} servers[] = {{8, 4000}, {20, 10000}, {50, 20000}, {100, 30000}};

static void the_limit_comes_near_to_what_the_server_can_do(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(servers); i++) {
        struct world *world = new_world(servers[i].workers, servers[i].service, CAP);
        run(world, 20);
        assert_near_capacity(world);
        free(world);
    }
}

static void it_does_not_creep_upwards_in_the_long_run(void **state)
{
    (void)state;
    struct world *world = new_world(20, 10000, CAP);
    run(world, 300);
    assert_near_capacity(world);
    free(world);
}

static void it_is_never_above_the_cap_nor_below_the_floor(void **state)
{
    static const unsigned caps[] = {1, 3, 10, 64, CAP};
    (void)state;
    for (size_t i = 0; i < countof(caps); i++) {
        struct world *world = new_world(CAP, 5000, CAP);
        aimd_set_cap(&world->aimd, caps[i]);
        for (int64_t service = 5000; service < 500000; service *= 3) {
            world->service = service;
            run(world, 5);
            assert_in_range(world->least, caps[i] < AIMD_FLOOR ? caps[i] : AIMD_FLOOR, caps[i]);
            assert_in_range(world->most, world->least, caps[i]);
        }
        free(world);
    }
}

static void a_server_with_room_for_all_gets_all(void **state)
{
    (void)state;
    struct world *world = new_world(CAP, 10000, CAP);
    run(world, 35);
    assert_int_equal(world->most, CAP);
    free(world);
}

static void it_shrinks_while_the_server_is_slow_and_recovers_after(void **state)
{
    (void)state;
    struct world *world = new_world(20, 10000, CAP);
    run(world, 31);
    world->service *= 10;
    run(world, 15);
    assert_true(world->least < 20);
    world->service /= 10;
    run(world, 60);
    assert_near_capacity(world);
    free(world);
}

static void a_server_that_is_slower_for_good_is_taken_as_it_is(void **state)
{
    (void)state;
    struct world *world = new_world(20, 10000, CAP);
    run(world, 31);
    world->service *= 4;
    run(world, 120);
    assert_near_capacity(world);
    free(world);
}

static void what_is_not_asked_for_is_not_allowed_in_advance(void **state)
{
    (void)state;
    struct world *world = new_world(20, 10000, 3);
    run(world, 100);
    assert_in_range(world->most, AIMD_FLOOR, 2 * AIMD_FLOOR);
    free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_limit_comes_near_to_what_the_server_can_do),
        cmocka_unit_test(it_does_not_creep_upwards_in_the_long_run),
        cmocka_unit_test(it_is_never_above_the_cap_nor_below_the_floor),
        cmocka_unit_test(a_server_with_room_for_all_gets_all),
        cmocka_unit_test(it_shrinks_while_the_server_is_slow_and_recovers_after),
        cmocka_unit_test(a_server_that_is_slower_for_good_is_taken_as_it_is),
        cmocka_unit_test(what_is_not_asked_for_is_not_allowed_in_advance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
