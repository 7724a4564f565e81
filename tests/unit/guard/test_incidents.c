#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>
#include <pthread.h>

#include "guard/incident/incidents.h"

enum { READS, WRITES, SERVICES = 2, BOTH = 3 };

static void note(struct incidents *incidents, enum incident_kind kind, int server, msec_t now)
{
    struct incident incident = incident_of(kind, READS);
    incident.server = server;
    incidents_note(incidents, &incident, now);
}

static void join(struct incidents *incidents, int server, const char *name, msec_t now)
{
    struct incident incident = incident_of(INCIDENT_JOINED, READS);
    incident.server = server;
    incident.services = BOTH;
    incident_set_name(&incident, str_from(name));
    incidents_note(incidents, &incident, now);
}

/* The duration of what it ends. */
static msec_t note_service(struct incidents *incidents, enum incident_kind kind, int service,
                           int server, msec_t now)
{
    struct incident incident = incident_of(kind, READS);
    incident.service = service;
    incident.server = server;
    incidents_note(incidents, &incident, now);
    return incident.duration;
}

static struct availability_figures server_figures(struct incidents *incidents, int server,
                                                  msec_t now)
{
    char name[ATTENDANCE_NAME_SIZE];
    struct availability_figures figures;
    assert_true(
        incidents_read_server(incidents, (struct attendant){READS, server}, now, name, &figures));
    return figures;
}

/* The system of SYSTEMS.md, section 4: its log of 57 minutes told of 62 outages of three replicas,
 * 15 s to 337 s long; they were up 56 to 74 % of the time, the group all of it. These have the same
 * figures; their monitor waited 3 s for an answer. */
static const struct {
    int server, from_s, to_s;
} outages[] = {
    {0, 169, 188},   {1, 194, 259},   {0, 233, 252},   {2, 265, 602},   {1, 298, 326},
    {1, 431, 508},   {0, 527, 547},   {2, 615, 636},   {2, 643, 692},   {1, 663, 783},
    {2, 749, 767},   {2, 773, 844},   {0, 828, 898},   {2, 952, 971},   {2, 972, 1082},
    {0, 1036, 1063}, {1, 1074, 1148}, {2, 1095, 1114}, {0, 1128, 1145}, {2, 1252, 1281},
    {2, 1286, 1561}, {1, 1295, 1378}, {0, 1391, 1427}, {0, 1504, 1682}, {1, 1592, 1640},
    {2, 1685, 1775}, {0, 1691, 1720}, {1, 1722, 1740}, {1, 1773, 1852}, {0, 1834, 1867},
    {1, 1881, 1902}, {2, 1966, 2023}, {1, 2052, 2123}, {2, 2070, 2087}, {2, 2089, 2104},
    {0, 2142, 2161}, {1, 2150, 2179}, {0, 2177, 2203}, {1, 2183, 2220}, {2, 2218, 2236},
    {0, 2319, 2357}, {1, 2342, 2406}, {0, 2423, 2456}, {1, 2424, 2481}, {0, 2484, 2536},
    {2, 2495, 2518}, {1, 2523, 2539}, {0, 2544, 2603}, {2, 2600, 2724}, {0, 2614, 2656},
    {1, 2686, 2835}, {2, 2749, 2800}, {1, 2848, 2871}, {2, 2868, 2949}, {1, 2896, 2953},
    {2, 2966, 2999}, {0, 3011, 3087}, {2, 3051, 3099}, {1, 3197, 3259}, {0, 3246, 3278},
    {0, 3286, 3350}, {1, 3352, 3371},
};

enum { REPLICAS = 3, LOG_S = 57 * 60, PATIENCE_S = 3, BEGIN = 5000 };

static void tell_second(struct incidents *incidents, int second)
{
    msec_t now = BEGIN + second * 1000;
    for (size_t i = 0; i < countof(outages); i++) {
        struct attendant who = {READS, outages[i].server};
        if (second == outages[i].from_s)
            incidents_note_failed_sign(incidents, who, now);
        if (second == outages[i].from_s + PATIENCE_S)
            note(incidents, INCIDENT_DOWN, who.server, now);
        if (second == outages[i].to_s)
            note(incidents, INCIDENT_UP, who.server, now);
    }
}

static void the_log_of_62_outages_gives_the_figures_that_its_authors_found(void **state)
{
    static const struct {
        unsigned outages;
        double share;
    } expected[REPLICAS] = {{20, 0.74}, {21, 0.65}, {21, 0.56}};
    struct incidents *incidents = incidents_new(SERVICES);
    msec_t end = BEGIN + (msec_t)LOG_S * 1000;
    unsigned count = 0;
    (void)state;
    for (int i = 0; i < REPLICAS; i++) {
        join(incidents, i, "replica", BEGIN);
        note(incidents, INCIDENT_UP, i, BEGIN);
    }
    for (int second = 1; second < LOG_S; second++)
        tell_second(incidents, second);
    for (int i = 0; i < REPLICAS; i++) {
        struct availability_figures figures = server_figures(incidents, i, end);
        count += figures.outages;
        assert_int_equal(figures.outages, expected[i].outages);
        assert_float_equal(figures.share, expected[i].share, 0.0005);
        assert_int_equal(figures.mean_detect, PATIENCE_S * 1000);
        assert_int_equal(figures.mean_recover, figures.out / figures.outages);
    }
    assert_int_equal(count, 62);
    assert_int_equal(server_figures(incidents, 2, end).longest, 337000);
    struct availability_figures group = incidents_read_group(incidents, READS, ATTENDANCE_ALL, end);
    assert_int_equal(group.observed, LOG_S * 1000);
    assert_int_equal(group.outages, 0);
    assert_float_equal(group.share, 1, 1e-9);
    incidents_free(&incidents);
}

static void a_groups_outage_begins_when_the_last_of_its_servers_fails(void **state)
{
    struct incidents *incidents = incidents_new(SERVICES);
    (void)state;
    for (int i = 0; i < 2; i++) {
        join(incidents, i, "one", 0);
        note(incidents, INCIDENT_UP, i, 1000);
    }
    incidents_note_failed_sign(incidents, (struct attendant){READS, 0}, 2000);
    incidents_note_failed_sign(incidents, (struct attendant){READS, 1}, 2300);
    note(incidents, INCIDENT_DOWN, 1, 2800);
    note(incidents, INCIDENT_DOWN, 0, 2900);
    note(incidents, INCIDENT_UP, 1, 4300);
    struct availability_figures group =
        incidents_read_group(incidents, READS, ATTENDANCE_ALL, 5000);
    assert_int_equal(group.outages, 1);
    assert_int_equal(group.out, 2000);
    assert_int_equal(group.mean_detect, 600);
    assert_float_equal(group.share, 0.5, 1e-9);
    assert_int_equal(incidents_read_group(incidents, WRITES, ATTENDANCE_ALL, 5000).observed, 0);
    incidents_free(&incidents);
}

static void a_good_sign_takes_a_failed_one_back(void **state)
{
    struct incidents *incidents = incidents_new(SERVICES);
    struct attendant who = {READS, 0};
    (void)state;
    join(incidents, 0, "one", 0);
    note(incidents, INCIDENT_UP, 0, 1000);
    incidents_note_failed_sign(incidents, who, 2000);
    incidents_note_good_sign(incidents, who);
    incidents_note_failed_sign(incidents, who, 3000);
    incidents_note_failed_sign(incidents, who, 3500);
    note(incidents, INCIDENT_DOWN, 0, 4000);
    assert_int_equal(server_figures(incidents, 0, 4000).mean_detect, 1000);
    incidents_free(&incidents);
}

static void a_server_that_one_service_ejects_serves_the_others(void **state)
{
    struct incidents *incidents = incidents_new(SERVICES);
    (void)state;
    join(incidents, 0, "one", 0);
    note(incidents, INCIDENT_UP, 0, 1000);
    note_service(incidents, INCIDENT_EJECTION, 1, 0, 2000);
    assert_int_equal(note_service(incidents, INCIDENT_RETURN, 1, 0, 5000), 3000);
    assert_int_equal(note_service(incidents, INCIDENT_RETURN, 1, 0, 5000), INCIDENT_NONE);
    assert_int_equal(incidents_read_group(incidents, READS, 1, 5000).out, 3000);
    assert_int_equal(incidents_read_group(incidents, READS, 0, 5000).out, 0);
    assert_int_equal(server_figures(incidents, 0, 5000).outages, 0);
    incidents_free(&incidents);
}

static void a_group_has_only_the_servers_of_its_service(void **state)
{
    struct incidents *incidents = incidents_new(SERVICES);
    struct incident joined = incident_of(INCIDENT_JOINED, READS);
    (void)state;
    joined.server = 0;
    joined.services = 1;
    incident_set_name(&joined, STR("one"));
    incidents_note(incidents, &joined, 0);
    note(incidents, INCIDENT_DOWN, 0, 1000);
    assert_int_equal(incidents_read_group(incidents, READS, 0, 2000).outages, 1);
    assert_int_equal(incidents_read_group(incidents, READS, 1, 2000).outages, 0);
    incidents_free(&incidents);
}

static void what_ends_something_has_its_duration(void **state)
{
    struct incidents *incidents = incidents_new(SERVICES);
    struct incident off = incident_of(INCIDENT_TOGGLE, WRITES), on = off;
    (void)state;
    off.service = on.service = 1;
    on.is_over = true;
    incidents_note(incidents, &on, 500); /* it was on */
    assert_int_equal(on.duration, INCIDENT_NONE);
    incidents_note(incidents, &off, 1000);
    incidents_note(incidents, &off, 2000); /* again: it stays off */
    assert_int_equal(off.duration, INCIDENT_NONE);
    incidents_note(incidents, &on, 4000);
    assert_int_equal(on.duration, 3000);
    assert_string_equal(incident_state(&off), "disabled");
    assert_string_equal(incident_state(&on), "enabled");
    join(incidents, 0, "one", 4000);
    assert_int_equal(note_service(incidents, INCIDENT_FAILOVER, 0, 0, 5000), INCIDENT_NONE);
    assert_int_equal(note_service(incidents, INCIDENT_FAILBACK, 0, 0, 7000), 2000);
    note(incidents, INCIDENT_UP, 0, 8000);
    incidents_note_failed_sign(incidents, (struct attendant){READS, 0}, 9000);
    note(incidents, INCIDENT_UNREADY, 0, 9100);
    note(incidents, INCIDENT_DOWN, 0, 9500); /* the same outage */
    struct incident up = incident_of(INCIDENT_UP, READS);
    up.server = 0;
    incidents_note(incidents, &up, 9900);
    assert_int_equal(up.duration, 900);
    assert_string_equal(up.name, "one");
    incidents_free(&incidents);
}

static void a_server_that_left_begins_anew_when_it_joins_again(void **state)
{
    struct incidents *incidents = incidents_new(SERVICES);
    char name[ATTENDANCE_NAME_SIZE];
    struct availability_figures figures;
    (void)state;
    join(incidents, 0, "one", 0);
    note(incidents, INCIDENT_UP, 0, 0);
    note(incidents, INCIDENT_DOWN, 0, 1000);
    note(incidents, INCIDENT_LEFT, 0, 2000);
    assert_false(
        incidents_read_server(incidents, (struct attendant){READS, 0}, 3000, name, &figures));
    assert_int_equal(incidents_read_group(incidents, READS, ATTENDANCE_ALL, 3000).out, 2000);
    join(incidents, 0, "one", 4000);
    note(incidents, INCIDENT_UP, 0, 5000);
    assert_int_equal(server_figures(incidents, 0, 6000).observed, 1000);
    assert_int_equal(server_figures(incidents, 0, 6000).outages, 0);
    assert_int_equal(incidents_read_group(incidents, READS, ATTENDANCE_ALL, 6000).out, 4000);
    incidents_free(&incidents);
}

static void the_latest_thousand_are_kept_and_found_newest_first(void **state)
{
    enum { MORE = INCIDENTS_KEPT + 234 };
    static struct incident found[INCIDENTS_KEPT];
    struct incidents *incidents = incidents_new(SERVICES);
    (void)state;
    join(incidents, 0, "one", 0);
    for (int i = 2; i <= MORE; i++)
        note(incidents, i % 2 == 0 ? INCIDENT_UP : INCIDENT_DOWN, 0, i);
    size_t count = incidents_find(incidents, INCIDENT_KIND_COUNT, 0, found, INCIDENTS_KEPT);
    assert_int_equal(count, INCIDENTS_KEPT);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(found[i].id, MORE - i);
        assert_int_equal(found[i].at, found[i].id);
    }
    assert_int_equal(incidents_find(incidents, INCIDENT_UP, 0, found, INCIDENTS_KEPT),
                     INCIDENTS_KEPT / 2);
    assert_int_equal(incidents_find(incidents, INCIDENT_KIND_COUNT, MORE - 3, found, 100), 3);
    assert_int_equal(incidents_find(incidents, INCIDENT_KIND_COUNT, MORE, found, 100), 0);
    assert_int_equal(incidents_find(incidents, INCIDENT_KIND_COUNT, 0, found, 7), 7);
    assert_int_equal(incidents_find(incidents, INCIDENT_TOGGLE, 0, found, 7), 0);
    incidents_free(&incidents);
}

static void a_long_reason_is_cut_between_characters(void **state)
{
    struct incident incident = incident_of(INCIDENT_TOGGLE, READS);
    char text[INCIDENT_WHY_SIZE + 8];
    (void)state;
    memset(text, 'a', sizeof(text));
    memcpy(text + INCIDENT_WHY_SIZE - 2, "\xc3\xb1", 2); /* ñ across the end */
    incident_set_why(&incident, (struct str){text, sizeof(text)});
    assert_int_equal(strlen(incident.why), INCIDENT_WHY_SIZE - 2);
    incident_set_why(&incident, (struct str){text, 3});
    assert_string_equal(incident.why, "aaa");
    incident_set_why(&incident, STR(""));
    assert_string_equal(incident.why, "");
}

enum { THREADS = 4, EACH = 2000 };

static void *hammer(void *arg)
{
    struct incidents *incidents = arg;
    struct incident found[8];
    for (int i = 1; i <= EACH; i++) {
        incidents_note_failed_sign(incidents, (struct attendant){READS, 0}, i);
        note(incidents, i % 2 == 0 ? INCIDENT_UP : INCIDENT_DOWN, 0, EACH + i);
        incidents_find(incidents, INCIDENT_KIND_COUNT, 0, found, countof(found));
    }
    return NULL;
}

static void every_incident_of_every_thread_has_a_number_of_its_own(void **state)
{
    struct incidents *incidents = incidents_new(SERVICES);
    pthread_t threads[THREADS];
    struct incident last;
    (void)state;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, incidents), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(incidents_find(incidents, INCIDENT_KIND_COUNT, 0, &last, 1), 1);
    assert_int_equal(last.id, THREADS * EACH);
    incidents_free(&incidents);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_log_of_62_outages_gives_the_figures_that_its_authors_found),
        cmocka_unit_test(a_groups_outage_begins_when_the_last_of_its_servers_fails),
        cmocka_unit_test(a_good_sign_takes_a_failed_one_back),
        cmocka_unit_test(a_server_that_one_service_ejects_serves_the_others),
        cmocka_unit_test(a_group_has_only_the_servers_of_its_service),
        cmocka_unit_test(what_ends_something_has_its_duration),
        cmocka_unit_test(a_server_that_left_begins_anew_when_it_joins_again),
        cmocka_unit_test(the_latest_thousand_are_kept_and_found_newest_first),
        cmocka_unit_test(a_long_reason_is_cut_between_characters),
        cmocka_unit_test(every_incident_of_every_thread_has_a_number_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
