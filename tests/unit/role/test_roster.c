#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>
#include <stdio.h>

#include "base/buf.h"
#include "role/gateway/fleet/registered.h"

enum { LISTED = 1, NAMED, SOURCES };

/* They live as long as a process does: held here, they are no leaks. */
static struct fleet *fleets[3];
static struct roster *rosters[countof(fleets)];
static size_t made;

static struct roster *fresh(void)
{
    assert_true(made < countof(fleets));
    fleets[made] = fleet_new((struct fleet_limits){2, 2});
    rosters[made] = roster_new(fleets[made], SOURCES);
    return rosters[made++];
}

/* "name=services" between spaces, as the source now says. */
static bool say(struct roster *roster, size_t source, const char *text)
{
    struct roster_found found[FLEET_MAX] = {0};
    size_t count = 0;
    struct str rest = str_from(text);
    while (rest.len > 0) {
        int64_t services;
        struct str one = str_cut(&rest, ' '), name = str_cut(&one, '=');
        assert_true(str_to_int64(one, &services));
        found[count].services = (uint64_t)services;
        memcpy(found[count++].name, name.ptr, name.len);
    }
    return roster_set(roster, source, found, count, 1000);
}

/* The fleet in the same words, by place. */
static void assert_fleet(struct fleet *fleet, const char *expected)
{
    struct buf text = {0};
    buf_append_text(&text, "");
    for (int i = 0; i < FLEET_MAX; i++) {
        char name[FLEET_NAME_SIZE];
        int services = 0;
        if (fleet_state(fleet, i) == FLEET_ABSENT)
            continue;
        for (int bit = 0; bit < 8; bit++)
            services |= (int)(fleet_members(fleet, UINT64_C(1) << bit) >> i & 1) << bit;
        fleet_name(fleet, i, name);
        buf_printf(&text, "%s%s=%d", text.len > 0 ? " " : "", name, services);
    }
    assert_string_equal(text.ptr, expected);
    buf_free(&text);
}

static void sources_are_one_set(void **state)
{
    static const struct {
        size_t source;
        const char *says, *fleet;
    } rows[] = {
        {LISTED, "a:1=1", "a:1=1"},
        {NAMED, "b:1=2 c:1=2", "a:1=1 b:1=2 c:1=2"},
        {NAMED, "c:1=2", "a:1=1 c:1=2"},
        {NAMED, "c:1=2 a:1=4", "a:1=5 c:1=2"},
        {ROSTER_REGISTERED, "a:1=7 d:1=3", "a:1=5 c:1=2 d:1=3"},
        {ROSTER_REGISTERED, "d:1=1 e:1=0", "a:1=5 c:1=2 d:1=1"},
        {ROSTER_REGISTERED, "d:1=3", "a:1=5 c:1=2 d:1=3"},
        {ROSTER_REGISTERED, "d:1=1", "a:1=5 c:1=2 d:1=1"},
        {LISTED, "", "a:1=4 c:1=2 d:1=1"},
        {NAMED, "", "d:1=1"},
        {ROSTER_REGISTERED, "d:1=1 a:1=7", "a:1=7 d:1=1"},
        {ROSTER_REGISTERED, "", ""},
    };
    struct roster *roster = fresh();
    struct fleet *fleet = fleets[made - 1];
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        assert_true(say(roster, rows[i].source, rows[i].says));
        assert_fleet(fleet, rows[i].fleet);
    }
}

static void who_stays_keeps_its_state(void **state)
{
    struct roster *roster = fresh();
    struct fleet *fleet = fleets[made - 1];
    (void)state;
    assert_true(say(roster, LISTED, "a:1=1"));
    assert_int_equal(fleet_state(fleet, 0), FLEET_NEW);
    fleet_note(fleet, 0, FLEET_PASSED, 1000);
    assert_true(say(roster, NAMED, "a:1=2 b:1=2"));
    assert_int_equal(fleet_state(fleet, 0), FLEET_UP);
    assert_int_equal(fleet_state(fleet, 1), FLEET_NEW);
}

static void more_than_a_fleet_takes_is_said(void **state)
{
    struct roster *roster = fresh();
    struct fleet *fleet = fleets[made - 1];
    struct buf many = {0};
    (void)state;
    for (int i = 0; i < FLEET_MAX; i++)
        buf_printf(&many, "%sm%d:1=1", i == 0 ? "" : " ", i);
    assert_true(say(roster, ROSTER_REGISTERED, many.ptr));
    assert_false(say(roster, LISTED, "a:1=1"));
    assert_int_equal(__builtin_popcountll(fleet_members(fleet, 1)), FLEET_MAX - 1);
    buf_free(&many);
}

/* Who registered */

static void hear(struct registered *registered, const char *name, msec_t now)
{
    struct roster_found found = {.services = 1};
    snprintf(found.name, sizeof(found.name), "%s", name);
    assert_true(registered_hear(registered, &found, now));
}

static void who_is_missing_leaves_after_a_while(void **state)
{
    struct registered registered = {0};
    (void)state;
    hear(&registered, "a:1", 0);
    hear(&registered, "b:1", 0);
    hear(&registered, "b:1", 500);
    registered_drop_silent(&registered, REGISTERED_HOLD_MS - 1);
    assert_int_equal(registered.count, 2);
    registered_drop_silent(&registered, REGISTERED_HOLD_MS);
    assert_int_equal(registered.count, 1);
    assert_string_equal(registered.found[0].name, "b:1");
    registered_drop_silent(&registered, 500 + REGISTERED_HOLD_MS - 1);
    assert_int_equal(registered.count, 1);
}

static void while_redis_is_away_nobody_is_missing(void **state)
{
    enum { HOUR = 3600000 };
    struct registered registered = {0};
    (void)state;
    hear(&registered, "a:1", 0);
    registered_excuse(&registered, HOUR);
    registered_drop_silent(&registered, HOUR + REGISTERED_HOLD_MS - 1);
    assert_int_equal(registered.count, 1);
    registered_drop_silent(&registered, HOUR + REGISTERED_HOLD_MS);
    assert_int_equal(registered.count, 0);
}

static void of_too_many_the_first_are_taken(void **state)
{
    struct registered registered = {0};
    struct roster_found late = {.name = "late:1", .services = 1};
    (void)state;
    for (int i = 0; i < FLEET_MAX; i++) {
        char name[16];
        snprintf(name, sizeof(name), "m%d:1", i);
        hear(&registered, name, 0);
    }
    hear(&registered, "m7:1", 1);
    assert_false(registered_hear(&registered, &late, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources_are_one_set),
        cmocka_unit_test(who_stays_keeps_its_state),
        cmocka_unit_test(more_than_a_fleet_takes_is_said),
        cmocka_unit_test(who_is_missing_leaves_after_a_while),
        cmocka_unit_test(while_redis_is_away_nobody_is_missing),
        cmocka_unit_test(of_too_many_the_first_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
