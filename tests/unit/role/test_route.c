#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "role/http/route.h"
#include "unit/model/given.h"

#define UUID "018f3e7c-0000-7000-8000-00000000000a"

/* clinic with entries and reports, and an empty lab. */
static struct collection *collections[2];
static char clinic[] = "clinic", lab[] = "lab";
static struct alias aliases[] = {
    {.method = "POST", .path = "/entradas"},
    {.method = "GET", .path = "/entradas"},
    {.method = "PUT", .path = "/entradas/{id}/"},
};
static struct service services[] = {
    {.name = clinic,
     .collections = collections,
     .collection_count = 2,
     .aliases = {.items = aliases, .count = countof(aliases)}},
    {.name = lab},
};
static const struct model model = {services, 2};

static int make_model(void **state)
{
    static const char text[] = "{\"type\":\"record\",\"name\":\"E\",\"fields\":["
                               "{\"name\":\"a\",\"type\":\"int\"}]}";
    struct buf mistakes = {0};
    (void)state;
    collections[0] = schema_load("f", STR("clinic"), STR("entries"), str_from(text), &mistakes);
    collections[1] = schema_load("f", STR("clinic"), STR("reports"), str_from(text), &mistakes);
    for (size_t i = 0; i < countof(aliases); i++)
        aliases[i].collection = collections[0];
    return mistakes.len > 0;
}

static int free_model(void **state)
{
    (void)state;
    schema_free(&collections[0]);
    schema_free(&collections[1]);
    return 0;
}

static void a_path_leads_to_a_collection_or_a_record(void **state)
{
    static const struct {
        const char *path;
        int collection;
        enum route_part part;
    } rows[] = {
        {"/v1/clinic/entries", 0, ROUTE_COLLECTION},
        {"/v1/clinic/entries/", 0, ROUTE_COLLECTION},
        {"/v1/clinic/reports", 1, ROUTE_COLLECTION},
        {"/v1/clinic/reports/batch", 1, ROUTE_BATCH},
        {"/v1/clinic/reports/batch/", 1, ROUTE_BATCH},
        {"/v1/clinic/reports/" UUID, 1, ROUTE_RECORD},
        {"/v1/clinic/reports/" UUID "/", 1, ROUTE_RECORD},
        {"/v1/clinic/entries/018F3E7C-0000-7000-8000-00000000000A", 0, ROUTE_RECORD},
        {"/v1/clinic/entries/" UUID "/history", 0, ROUTE_HISTORY},
        {"/v1/clinic/entries/" UUID "/history/", 0, ROUTE_HISTORY},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct route route = {0};
        struct problem problem = {0};
        assert_true(route_is_known(&model, str_from(rows[i].path)));
        if (!route_parse(&model, STR("GET"), str_from(rows[i].path), &route, &problem))
            fail_msg("%s: %s", rows[i].path, problem.detail);
        assert_ptr_equal(route.service, &services[0]);
        assert_ptr_equal(route.collection, collections[rows[i].collection]);
        assert_int_equal(route.part, rows[i].part);
        assert_null(route.alias);
        if (route.part >= ROUTE_RECORD) {
            char text[UUID_TEXT_SIZE];
            uuid_format(&route.id, text);
            assert_string_equal(text, UUID);
        }
    }
}

static void live_events_are_of_a_service(void **state)
{
    static const char *const paths[] = {"/v1/clinic/events", "/v1/clinic/events/"};
    (void)state;
    for (size_t i = 0; i < countof(paths); i++) {
        struct route route = {0};
        struct problem problem = {0};
        assert_true(route_parse(&model, STR("GET"), str_from(paths[i]), &route, &problem));
        assert_int_equal(route.part, ROUTE_EVENTS);
        assert_ptr_equal(route.service, &services[0]);
        assert_null(route.collection);
    }
}

static void a_path_that_leads_nowhere_says_what_there_is(void **state)
{
#define NO_SERVICE    "no such service; there are: clinic, lab"
#define NO_COLLECTION "no such collection; clinic has: entries, reports"
#define NO_PART       "a record has nothing but its history below it"
#define NO_UUID       "the id must be a UUID like 01890a5d-ac96-774b-bcce-b302099a8057"
    static const struct {
        const char *path;
        enum status status;
        const char *detail;
    } rows[] = {
        {"/v1/", STATUS_NOT_FOUND, NO_SERVICE},
        {"/v1//", STATUS_NOT_FOUND, NO_SERVICE},
        {"/v1//entries", STATUS_NOT_FOUND, NO_SERVICE},
        {"/v1/other/entries", STATUS_NOT_FOUND, NO_SERVICE},
        {"/v1/Clinic/entries", STATUS_NOT_FOUND, NO_SERVICE},
        {"/v1/clinic2", STATUS_NOT_FOUND, NO_SERVICE},
        {"/v1/clini", STATUS_NOT_FOUND, NO_SERVICE},
        {"/v1/clinic", STATUS_NOT_FOUND, NO_COLLECTION},
        {"/v1/clinic/", STATUS_NOT_FOUND, NO_COLLECTION},
        {"/v1/clinic//", STATUS_NOT_FOUND, NO_COLLECTION},
        {"/v1/clinic//entries", STATUS_NOT_FOUND, NO_COLLECTION},
        {"/v1/clinic/events/7", STATUS_NOT_FOUND, NO_COLLECTION},
        {"/v1/clinic/entr", STATUS_NOT_FOUND, NO_COLLECTION},
        {"/v1/clinic/entries2", STATUS_NOT_FOUND, NO_COLLECTION},
        {"/v1/clinic/%65ntries", STATUS_NOT_FOUND, NO_COLLECTION},
        {"/v1/lab/entries", STATUS_NOT_FOUND, "no such collection; lab has: none"},
        {"/v1/clinic/entries/7", STATUS_BAD_REQUEST, NO_UUID},
        {"/v1/clinic/entries//", STATUS_BAD_REQUEST, NO_UUID},
        {"/v1/clinic/entries/" UUID "0", STATUS_BAD_REQUEST, NO_UUID},
        {"/v1/clinic/entries/7/history", STATUS_BAD_REQUEST, NO_UUID},
        {"/v1/clinic/entries/batch/x", STATUS_NOT_FOUND, NO_PART},
        {"/v1/clinic/entries/" UUID "/x", STATUS_NOT_FOUND, NO_PART},
        {"/v1/clinic/entries/" UUID "//", STATUS_NOT_FOUND, NO_PART},
        {"/v1/clinic/entries/" UUID "/history/x", STATUS_NOT_FOUND, NO_PART},
        {"/v1/clinic/entries/../reports", STATUS_NOT_FOUND, NO_PART},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct route route = {0};
        struct problem problem = {0};
        if (route_parse(&model, STR("GET"), str_from(rows[i].path), &route, &problem))
            fail_msg("%s was taken", rows[i].path);
        assert_string_equal(problem.detail, rows[i].detail);
        assert_int_equal(problem.status, rows[i].status);
        assert_int_equal(problem.mistake_count, 0);
    }
}

static void an_older_path_leads_where_the_model_says(void **state)
{
    static const struct {
        const char *method, *path;
        int alias;
        enum route_part part;
        const char *methods;
    } rows[] = {
        {"POST", "/entradas", 0, ROUTE_COLLECTION, "GET, HEAD, POST"},
        {"POST", "/entradas/", 0, ROUTE_COLLECTION, "GET, HEAD, POST"},
        {"GET", "/entradas", 1, ROUTE_COLLECTION, "GET, HEAD, POST"},
        {"HEAD", "/entradas", 1, ROUTE_COLLECTION, "GET, HEAD, POST"},
        {"PUT", "/entradas/" UUID "/", 2, ROUTE_RECORD, "PUT"},
        {"PUT", "/entradas/" UUID, 2, ROUTE_RECORD, "PUT"},
        {"DELETE", "/entradas/" UUID, 2, ROUTE_RECORD, "PUT"}, /* for saying what is allowed */
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct route route;
        struct problem problem = {0};
        assert_true(route_is_known(&model, str_from(rows[i].path)));
        if (!route_parse(&model, str_from(rows[i].method), str_from(rows[i].path), &route,
                         &problem))
            fail_msg("%s: %s", rows[i].path, problem.detail);
        assert_ptr_equal(route.alias, &aliases[rows[i].alias]);
        assert_ptr_equal(route.collection, collections[0]);
        assert_ptr_equal(route.service, &services[0]);
        assert_int_equal(route.part, rows[i].part);
        assert_string_equal(route.methods, rows[i].methods);
    }
}

static void an_id_of_the_former_system_is_not_there(void **state)
{
    struct route route;
    struct problem problem = {0};
    (void)state;
    assert_false(route_parse(&model, STR("PUT"), STR("/entradas/17/"), &route, &problem));
    assert_int_equal(problem.status, STATUS_NOT_FOUND);
}

static void what_begins_with_v1_is_ours(void **state)
{
    static const struct {
        const char *path;
        bool is_v1;
    } rows[] = {{"/v1/", true},  {"/v1/x", true}, {"/v1", false},  {"/v1x/", false},
                {"/v2/", false}, {"", false},     {"v1/x", false}, {"/", false},
                {"/V1/", false}, {"//v1/", false}};
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_int_equal(route_is_known(&model, str_from(rows[i].path)), rows[i].is_v1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_leads_to_a_collection_or_a_record),
        cmocka_unit_test(live_events_are_of_a_service),
        cmocka_unit_test(a_path_that_leads_nowhere_says_what_there_is),
        cmocka_unit_test(what_begins_with_v1_is_ours),
        cmocka_unit_test(an_older_path_leads_where_the_model_says),
        cmocka_unit_test(an_id_of_the_former_system_is_not_there),
    };
    return cmocka_run_group_tests(tests, make_model, free_model);
}
