#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "given_pool.h"

/* Every state */

enum {
    EARLY = 1000,
    LATER = EARLY + EJECTION - 100,
    NOW = EARLY + EJECTION, /* what was ejected early is half-open, what was later is not yet */
};

/* The letters of the states, in the order in which such servers are asked first. */
static const char standings[] = "HUNXD";

static void make(struct given *given, int server, char letter)
{
    if (letter == 'H' || letter == 'X')
        let_eject(given, server, letter == 'H' ? EARLY : LATER);
    else if (letter == 'N')
        fleet_note(given->fleet, server, FLEET_LEAVING, 0);
    else if (letter == 'D')
        fleet_note(given->fleet, server, FLEET_SILENT, 0);
}

/* Of several half-open ones, one request probes the first and another, meanwhile, the second. */
static int probed_by(const char *letters, int request)
{
    const char *half_open = strchr(letters, 'H');
    if (half_open != NULL && request == 1)
        half_open = strchr(half_open + 1, 'H');
    return half_open != NULL ? (int)(half_open - letters) : POOL_NONE;
}

/* The probe, then the servers in the order of `order`, those of one group of letters by index. */
static void sort_servers(const char *letters, int probe, const char *const *order, char *sorted)
{
    if (probe != POOL_NONE)
        *sorted++ = (char)('0' + probe);
    for (; *order != NULL; order++)
        for (int i = 0; letters[i] != '\0'; i++)
            if (i != probe && strchr(*order, letters[i]) != NULL)
                *sorted++ = (char)('0' + i);
    *sorted = '\0';
}

/* One after the other, and meanwhile another request, for which what is being tried is no more
 * than ejected, or out of the question. */
static void assert_principal_order(const char *letters)
{
    static const char *const orders[][5] = {{"U", "N", "HX", "D", NULL}, {"U", "N", "HX", NULL}};
    char said[LARGEST + 1], expected[LARGEST + 1];
    struct pool_limits principal = limits;
    struct given given;
    uint64_t asked[2];
    principal.policy = POOL_PRINCIPAL;
    given_open(&given, (unsigned)strlen(letters), principal);
    for (int i = 0; letters[i] != '\0'; i++)
        make(&given, i, letters[i]);
    for (int request = 0; request < 2; request++) {
        asked[request] = ask_all(&given, POOL_LEAST_BUSY, NOW, said);
        sort_servers(letters, probed_by(letters, request), orders[request], expected);
        assert_string_equal(said, expected);
    }
    give_all_back(&given, asked[1], NOW);
    give_all_back(&given, asked[0], NOW);
    given_close(&given);
}

/* After the first, what is half-open is no more than ejected. */
static const char *rank_of(const char *letters, const char *said, int place)
{
    char letter = letters[said[place] - '0'];
    return strchr(standings, letter == 'H' && place > 0 ? 'X' : letter);
}

/* Whose turn it is among equals is another test's matter. */
static void assert_balanced_order(const char *letters, enum pool_wish wish)
{
    char said[LARGEST + 1];
    struct given given;
    given_open(&given, (unsigned)strlen(letters), limits);
    for (int i = 0; letters[i] != '\0'; i++)
        make(&given, i, letters[i]);
    uint64_t asked = ask_all(&given, wish, NOW, said);
    assert_int_equal(strlen(said), strlen(letters));
    for (int i = 1; said[i] != '\0'; i++)
        assert_true(rank_of(letters, said, i - 1) <= rank_of(letters, said, i));
    give_all_back(&given, asked, NOW);
    for (int i = 0; letters[i] != '\0'; i++)
        assert_int_equal(pool_in_flight(given.pool, i), 0);
    given_close(&given);
}

static void in_every_state_the_best_are_asked_first_and_each_once(void **state)
{
    (void)state;
    for (unsigned count = 1, pools = LARGEST; count <= LARGEST; count++, pools *= LARGEST)
        for (unsigned number = 0; number < pools; number++) {
            char letters[LARGEST + 1] = "";
            unsigned rest = number;
            for (unsigned i = 0; i < count; i++, rest /= LARGEST)
                letters[i] = standings[rest % LARGEST];
            assert_principal_order(letters);
            assert_balanced_order(letters, POOL_LEAST_BUSY);
            assert_balanced_order(letters, POOL_FRESHEST);
        }
}

static void only_one_that_is_up_and_not_ejected_does_not_rest(void **state)
{
    (void)state;
    struct given given;
    for (int i = 0; standings[i] != '\0'; i++) {
        given_open(&given, 1, limits);
        make(&given, 0, standings[i]);
        assert_int_equal(pool_is_resting(given.pool, 0, NOW), strchr("NXD", standings[i]) != NULL);
        given_close(&given);
    }
    given_open(&given, 0, limits);
    assert_int_equal(join(&given, 0, FLEET_NEW, 0), 0);
    assert_true(pool_is_resting(given.pool, 0, NOW));
    assert_int_equal(take(&given, NOW), 0);
    given_close(&given);
}

static void a_new_server_is_asked_when_none_is_up(void **state)
{
    struct given given;
    (void)state;
    given_open(&given, 1, limits);
    join(&given, 1, FLEET_NEW, 0);
    assert_order(&given, POOL_LEAST_BUSY, NOW, "01");
    fleet_note(given.fleet, 0, FLEET_SILENT, NOW);
    assert_order(&given, POOL_LEAST_BUSY, NOW, "10");
    given_close(&given);
}

/* Never the last */

/* Lets the servers of `order` fail one after the other, those of `down` being down. */
static void assert_last_stays(const char *order, unsigned down)
{
    struct given given;
    unsigned count = (unsigned)strlen(order);
    int last = POOL_NONE;
    given_open(&given, count, limits);
    for (unsigned i = 0; i < count; i++)
        if (down >> i & 1)
            fleet_note(given.fleet, (int)i, FLEET_SILENT, 0);
    for (unsigned i = 0; i < count; i++) {
        int server = order[i] - '0';
        last = down >> server & 1 ? last : server;
        for (int again = 0; again < 3; again++)
            let_fail(&given, server, 10);
    }
    for (unsigned i = 0; i < count; i++)
        if (!(down >> i & 1))
            assert_true(is_ejected(&given, (int)i, 10) == ((int)i != last));
    if (last != POOL_NONE)
        assert_int_equal(take(&given, 10), last);
    given_close(&given);
}

/* Every order, by exchanging what stands behind `at`. */
static void permute(char *order, size_t at)
{
    if (order[at] == '\0')
        for (unsigned down = 0; down < 1u << at; down++)
            assert_last_stays(order, down);
    for (size_t other = at; order[other] != '\0'; other++) {
        char kept = order[at];
        order[at] = order[other];
        order[other] = kept;
        permute(order, at + 1);
        order[other] = order[at];
        order[at] = kept;
    }
}

static void the_last_that_is_up_is_not_ejected_in_whatever_order_they_fail(void **state)
{
    (void)state;
    char orders[LARGEST][LARGEST + 1] = {"0", "01", "012", "0123", "01234"};
    for (unsigned count = 0; count < LARGEST; count++)
        permute(orders[count], 0);
}

static void the_last_is_ejected_by_its_next_failure_once_another_is_well(void **state)
{
    struct given given;
    (void)state;
    given_open(&given, 2, limits);
    fleet_note(given.fleet, 1, FLEET_SILENT, 0);
    let_fail(&given, 0, 10);
    fleet_note(given.fleet, 1, FLEET_PASSED, 20);
    assert_false(is_ejected(&given, 0, 20));
    fleet_note(given.fleet, 1, FLEET_REFUSED, 20); /* not ready is not well */
    let_fail(&given, 0, 25);
    assert_false(is_ejected(&given, 0, 25));
    fleet_note(given.fleet, 1, FLEET_PASSED, 25);
    let_fail(&given, 0, 30);
    assert_true(is_ejected(&given, 0, 30));
    given_close(&given);
}

/* Among equals */

static void the_equally_busy_are_asked_in_turn(void **state)
{
    (void)state;
    for (unsigned count = 1; count <= LARGEST; count++) {
        struct given given;
        given_open(&given, count, limits);
        for (unsigned i = 0; i < 3 * count; i++) {
            int server = take(&given, 0);
            assert_int_equal(server, i % count);
            pool_give_back(given.pool, server, POOL_SUCCEEDED, 0, 0);
        }
        for (unsigned i = 0; i < 3 * count; i++) /* now nobody gives back */
            assert_int_equal(take(&given, 0), i % count);
        for (unsigned i = 0; i < count; i++)
            assert_int_equal(pool_in_flight(given.pool, (int)i), 3);
        given_close(&given);
    }
}

/* Of servers so busy and so late, the one that is asked; and the one that a read asks that must
 * not be stale. */
static void the_least_busy_and_freshest_is_asked(void **state)
{
    static const struct {
        unsigned count;
        unsigned in_flight[LARGEST];
        msec_t lags[LARGEST];
        int least_busy, freshest;
    } rows[] = {
        {1, {9}, {9000}, 0, 0},
        {2, {1, 0}, {0}, 1, 1},
        {2, {3, 4}, {0}, 0, 0},
        {3, {2, 2, 1}, {0}, 2, 2},
        {4, {5, 4, 3, 4}, {0}, 2, 2},
        {5, {1, 1, 1, 1, 0}, {0}, 4, 4},
        {5, {2, 3, 3, 3, 3}, {0}, 0, 0},
        {2, {0, 0}, {100, 0}, 1, 1},  /* 1.1 to 1 */
        {2, {0, 1}, {99, 0}, 0, 0},   /* so little is no difference */
        {2, {0, 1}, {900, 0}, 0, 1},  /* 1.9 to 2 */
        {2, {0, 1}, {1100, 0}, 1, 1}, /* 2.1 to 2 */
        {2, {0, 9}, {8900, 0}, 0, 1}, /* 9.9 to 10 */
        {2, {0, 9}, {9100, 0}, 1, 1}, /* 10.1 to 10 */
        {3, {0, 7, 3}, {500, 0, 50}, 0, 2},
        {3, {0, 0, 9}, {200, 100, 50}, 1, 2},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct given given;
        given_open(&given, rows[i].count, limits);
        for (int server = 0; server < (int)rows[i].count; server++) {
            fleet_note_lag(given.fleet, server, rows[i].lags[server], 0);
            for (unsigned n = 0; n < rows[i].in_flight[server]; n++)
                assert_int_equal(take_only(&given, server, 0), server);
        }
        int server = pool_take(given.pool, 0, POOL_FRESHEST, 0);
        assert_int_equal(server, rows[i].freshest);
        pool_give_back(given.pool, server, POOL_SUCCEEDED, 0, 0);
        assert_int_equal(take(&given, 0), rows[i].least_busy);
        given_close(&given);
    }
}

static void a_lag_that_is_believed_no_more_counts_for_nothing(void **state)
{
    struct given given;
    (void)state;
    given_open(&given, 2, limits);
    fleet_note_lag(given.fleet, 0, 5000, 0);
    assert_order(&given, POOL_FRESHEST, 999, "10");
    let_succeed(&given, 1, 999); /* then it is the other's turn */
    assert_order(&given, POOL_FRESHEST, 1000, "01");
    given_close(&given);
}

/* Members */

static void only_servers_of_the_service_are_asked(void **state)
{
    enum { OTHER = 2 };
    struct given given;
    char said[LARGEST + 1];
    (void)state;
    given_open(&given, 2, limits);
    fleet_join(given.fleet, STR("o:1"), OTHER, FLEET_UP, 0);
    fleet_join(given.fleet, STR("b:1"), OTHER | SERVICE, FLEET_UP, 0);
    ask_all(&given, POOL_LEAST_BUSY, 0, said);
    assert_string_equal(said, "013");
    given_close(&given);
}

static void without_members_nobody_is_asked(void **state)
{
    struct given given;
    (void)state;
    given_open(&given, 0, limits);
    assert_int_equal(take(&given, 0), POOL_NONE);
    assert_int_equal(pool_next_try(given.pool, 0), EJECTION);
    join(&given, 0, FLEET_UP, 0);
    assert_int_equal(pool_next_try(given.pool, 0), 0);
    assert_int_equal(take(&given, 0), 0);
    fleet_leave(given.fleet, 0, 0);
    assert_int_equal(take(&given, 0), POOL_NONE);
    given_close(&given);
}

static void what_was_found_of_a_server_is_not_held_against_the_next_in_its_place(void **state)
{
    struct given given;
    (void)state;
    given_open(&given, 2, limits);
    assert_int_equal(take_only(&given, 0, 5), 0);
    let_fail(&given, 0, 10);
    fleet_leave(given.fleet, 0, 20);
    assert_int_equal(join(&given, 0, FLEET_UP, 30), 0);
    assert_int_equal(take_only(&given, 0, 30), 0);
    assert_false(is_ejected(&given, 0, 30));
    assert_int_equal(pool_in_flight(given.pool, 0), 2);
    pool_give_back(given.pool, 0, POOL_FAILED, 5, 40); /* what the one before owed */
    assert_false(is_ejected(&given, 0, 40));
    pool_give_back(given.pool, 0, POOL_FAILED, 30, 40);
    assert_true(is_ejected(&given, 0, 40));
    assert_string_equal(given.told, "e0 e0 ");
    given_close(&given);
}

static void a_pool_of_the_largest_size_is_asked_whole(void **state)
{
    struct given given;
    uint64_t asked = 0;
    (void)state;
    given_open(&given, 0, limits);
    for (int i = 0; i < FLEET_MAX; i++) {
        char name[] = {'a', (char)('0' + i), '\0'};
        assert_int_equal(fleet_join(given.fleet, str_from(name), SERVICE, FLEET_UP, 0), i);
    }
    for (int i = 0; i < FLEET_MAX; i++)
        asked |= UINT64_C(1) << pool_take(given.pool, asked, POOL_LEAST_BUSY, 0);
    assert_true(asked == UINT64_MAX);
    assert_int_equal(pool_take(given.pool, asked, POOL_LEAST_BUSY, 0), POOL_NONE);
    assert_int_equal(take(&given, 0), 0); /* from the last on, round */
    given_close(&given);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_every_state_the_best_are_asked_first_and_each_once),
        cmocka_unit_test(only_one_that_is_up_and_not_ejected_does_not_rest),
        cmocka_unit_test(a_new_server_is_asked_when_none_is_up),
        cmocka_unit_test(the_last_that_is_up_is_not_ejected_in_whatever_order_they_fail),
        cmocka_unit_test(the_last_is_ejected_by_its_next_failure_once_another_is_well),
        cmocka_unit_test(the_equally_busy_are_asked_in_turn),
        cmocka_unit_test(the_least_busy_and_freshest_is_asked),
        cmocka_unit_test(a_lag_that_is_believed_no_more_counts_for_nothing),
        cmocka_unit_test(only_servers_of_the_service_are_asked),
        cmocka_unit_test(without_members_nobody_is_asked),
        cmocka_unit_test(what_was_found_of_a_server_is_not_held_against_the_next_in_its_place),
        cmocka_unit_test(a_pool_of_the_largest_size_is_asked_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
