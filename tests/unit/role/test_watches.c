#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "role/gateway/incident/watches.h"
#include "role/gateway/view/servers_view.h"

static char clinic[] = "clinic", lab[] = "lab";
static struct service services[] = {{.name = clinic}, {.name = lab}};
static const struct model model = {services, 2};

/* A fleet of readers whose every change is noted. They last as long as the process, as they do in a
 * gateway; `kept` says so to those who look for leaks. */
static struct given {
    struct watched_fleet watched;
    struct fleet *fleet;
    struct metrics *metrics;
} kept[8] __attribute__((used));
static size_t kept_count;
static struct pool *kept_pool __attribute__((used));

static struct given given(void)
{
    struct given made = {.fleet = fleet_new((struct fleet_limits){2, 2}), .metrics = metrics_new()};
    log_open(LOG_LEVEL_ERROR, "test");
    made.watched =
        (struct watched_fleet){journal_new(&model, made.metrics), made.fleet, SIDE_READS};
    assert_true(kept_count < countof(kept));
    return kept[kept_count++] = made;
}

/* The kinds of all incidents, oldest first, a letter each. */
static void assert_kinds(const struct given *made, const char *words)
{
    struct incident found[32];
    struct buf told = {0};
    size_t count = incidents_find(journal_incidents(made->watched.journal), INCIDENT_KIND_COUNT, 0,
                                  found, countof(found));
    while (count-- > 0)
        buf_printf(&told, "%s%s", told.len == 0 ? "" : " ", incident_word(found[count].kind));
    assert_string_equal(told.ptr, words);
    buf_free(&told);
}

static void a_servers_changes_are_incidents(void **state)
{
    struct given made = given();
    msec_t now = clock_monotonic();
    struct incident last;
    (void)state;
    fleet_watch(made.fleet, incidents_note_fleet, &made.watched);
    int server = fleet_join(made.fleet, STR("10.0.0.7:8000"), 1, FLEET_NEW, now);
    fleet_note(made.fleet, server, FLEET_PASSED, now);
    fleet_note(made.fleet, server, FLEET_SILENT, now);
    fleet_note(made.fleet, server, FLEET_SILENT, now);
    fleet_note(made.fleet, server, FLEET_PASSED, now);
    fleet_note(made.fleet, server, FLEET_PASSED, now);
    fleet_note(made.fleet, server, FLEET_LEAVING, now);
    fleet_leave(made.fleet, server, now);
    assert_kinds(&made, "joined up down up unready left");
    incidents_find(journal_incidents(made.watched.journal), INCIDENT_LEFT, 0, &last, 1);
    assert_string_equal(last.name, "10.0.0.7:8000");
}

static void a_server_serves_the_groups_that_it_joined_for(void **state)
{
    struct given made = given();
    struct incidents *incidents = journal_incidents(made.watched.journal);
    msec_t now = clock_monotonic();
    (void)state;
    fleet_watch(made.fleet, incidents_note_fleet, &made.watched);
    int server = fleet_join(made.fleet, STR("10.0.0.7:8000"), 2, FLEET_UP, now);
    fleet_note(made.fleet, server, FLEET_SILENT, now);
    fleet_note(made.fleet, server, FLEET_SILENT, now);
    assert_kinds(&made, "joined up down");
    assert_int_equal(incidents_read_group(incidents, SIDE_READS, 0, now).outages, 0);
    assert_int_equal(incidents_read_group(incidents, SIDE_READS, 1, now).outages, 1);
    assert_int_equal(incidents_read_group(incidents, SIDE_WRITES, 1, now).outages, 0);
}

static void what_a_pool_tells_is_an_incident_of_its_service(void **state)
{
    static const enum pool_event events[] = {POOL_EJECTED, POOL_RETURNED, POOL_FAILOVER,
                                             POOL_FAILBACK};
    struct given made = given();
    struct watched_pool pool = {&made.watched, &services[1]};
    struct incident last;
    (void)state;
    fleet_watch(made.fleet, incidents_note_fleet, &made.watched);
    int server =
        fleet_join(made.fleet, STR("10.0.0.7:8000"), UINT64_MAX, FLEET_UP, clock_monotonic());
    for (size_t i = 0; i < countof(events); i++)
        incidents_note_pool(&pool, server, events[i]);
    assert_kinds(&made, "joined up ejection return failover failback");
    incidents_find(journal_incidents(made.watched.journal), INCIDENT_EJECTION, 0, &last, 1);
    assert_int_equal(last.service, 1);
    assert_string_equal(last.name, "10.0.0.7:8000");
}

static void a_compartments_servers_are_shown_as_its_pool_sees_them(void **state)
{
    struct given made = given();
    msec_t now = clock_monotonic();
    struct buf shown = {0};
    struct pool *pool = kept_pool =
        pool_new(made.fleet, 1, (struct pool_limits){.failures_max = 3, .lease = 1000}, NULL, NULL);
    (void)state;
    fleet_join(made.fleet, STR("10.0.0.7:8000"), 1, FLEET_UP, now);
    fleet_join(made.fleet, STR("10.0.0.8:8000"), 2, FLEET_UP, now);
    fleet_join(made.fleet, STR("10.0.0.9:8000"), 3, FLEET_NEW, now);
    fleet_note_lag(made.fleet, 0, 12, now);
    assert_int_equal(pool_take(pool, 0, POOL_LEAST_BUSY, now), 0);
    servers_view_write(made.fleet, pool, 1, now, &shown);
    assert_string_equal(shown.ptr, "[{\"server\":\"10.0.0.7:8000\",\"state\":\"up\","
                                   "\"ejected_for_ms\":0,\"in_flight\":1,\"lag_ms\":12},"
                                   "{\"server\":\"10.0.0.9:8000\",\"state\":\"new\","
                                   "\"ejected_for_ms\":0,\"in_flight\":0,\"lag_ms\":0}]");
    assert_true(servers_view_has(made.fleet, 1, STR("10.0.0.9:8000")));
    assert_false(servers_view_has(made.fleet, 1, STR("10.0.0.8:8000")));
    assert_false(servers_view_has(made.fleet, 1, STR("10.0.0.9:800")));
    buf_free(&shown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_servers_changes_are_incidents),
        cmocka_unit_test(a_server_serves_the_groups_that_it_joined_for),
        cmocka_unit_test(what_a_pool_tells_is_an_incident_of_its_service),
        cmocka_unit_test(a_compartments_servers_are_shown_as_its_pool_sees_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
