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
static struct service services[] = {{clinic, collections, 2}, {lab, NULL, 0}};
static const struct model model = {services, 2};

static int make_model(void **state)
{
    static const char text[] = "{\"type\":\"record\",\"name\":\"E\",\"fields\":["
                               "{\"name\":\"a\",\"type\":\"int\"}]}";
    struct buf mistakes = {0};
    (void)state;
    collections[0] = schema_load("f", STR("clinic"), STR("entries"), str_from(text), &mistakes);
    collections[1] = schema_load("f", STR("clinic"), STR("reports"), str_from(text), &mistakes);
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
        const char *id; /* NULL: none */
    } rows[] = {
        {"/v1/clinic/entries", 0, NULL},
        {"/v1/clinic/entries/", 0, NULL},
        {"/v1/clinic/reports", 1, NULL},
        {"/v1/clinic/reports/" UUID, 1, UUID},
        {"/v1/clinic/reports/" UUID "/", 1, UUID},
        {"/v1/clinic/entries/018F3E7C-0000-7000-8000-00000000000A", 0, UUID},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct route route = {0};
        struct problem problem = {0};
        assert_true(route_is_v1(str_from(rows[i].path)));
        if (!route_parse(&model, str_from(rows[i].path), &route, &problem))
            fail_msg("%s: %s", rows[i].path, problem.detail);
        assert_ptr_equal(route.service, &services[0]);
        assert_ptr_equal(route.collection, collections[rows[i].collection]);
        assert_int_equal(route.has_id, rows[i].id != NULL);
        if (rows[i].id != NULL) {
            char text[UUID_TEXT_SIZE];
            uuid_format(&route.id, text);
            assert_string_equal(text, rows[i].id);
        }
    }
}

static void a_path_that_leads_nowhere_says_what_there_is(void **state)
{
#define NO_SERVICE    "no such service; there are: clinic, lab"
#define NO_COLLECTION "no such collection; clinic has: entries, reports"
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
        {"/v1/clinic/entr", STATUS_NOT_FOUND, NO_COLLECTION},
        {"/v1/clinic/entries2", STATUS_NOT_FOUND, NO_COLLECTION},
        {"/v1/clinic/%65ntries", STATUS_NOT_FOUND, NO_COLLECTION},
        {"/v1/lab/entries", STATUS_NOT_FOUND, "no such collection; lab has: none"},
        {"/v1/clinic/entries/7", STATUS_BAD_REQUEST, NO_UUID},
        {"/v1/clinic/entries//", STATUS_BAD_REQUEST, NO_UUID},
        {"/v1/clinic/entries/" UUID "0", STATUS_BAD_REQUEST, NO_UUID},
        {"/v1/clinic/entries/" UUID "/x", STATUS_BAD_REQUEST, NO_UUID},
        {"/v1/clinic/entries/" UUID "//", STATUS_BAD_REQUEST, NO_UUID},
        {"/v1/clinic/entries/../reports", STATUS_BAD_REQUEST, NO_UUID},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct route route = {0};
        struct problem problem = {0};
        if (route_parse(&model, str_from(rows[i].path), &route, &problem))
            fail_msg("%s was taken", rows[i].path);
        assert_string_equal(problem.detail, rows[i].detail);
        assert_int_equal(problem.status, rows[i].status);
        assert_int_equal(problem.mistake_count, 0);
    }
}

static void only_what_begins_with_v1_is_ours(void **state)
{
    static const struct {
        const char *path;
        bool is_v1;
    } rows[] = {{"/v1/", true},  {"/v1/x", true}, {"/v1", false},  {"/v1x/", false},
                {"/v2/", false}, {"", false},     {"v1/x", false}, {"/", false},
                {"/V1/", false}, {"//v1/", false}};
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        assert_int_equal(route_is_v1(str_from(rows[i].path)), rows[i].is_v1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_leads_to_a_collection_or_a_record),
        cmocka_unit_test(a_path_that_leads_nowhere_says_what_there_is),
        cmocka_unit_test(only_what_begins_with_v1_is_ours),
    };
    return cmocka_run_group_tests(tests, make_model, free_model);
}
