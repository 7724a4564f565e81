#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "role/live/live_request.h"

#define EPOCH "01890a5d-ac96-774b-bcce-b302099a8057"

static char clinic[] = "clinic", entries[] = "entries", entry[] = "entry", notes[] = "notes",
            note[] = "note";
static struct collection first = {.service = clinic, .name = entries, .entity = entry};
static struct collection second = {.service = clinic, .name = notes, .entity = note};
static struct collection *collections[] = {&first, &second};
static const struct service service = {
    .name = clinic, .collections = collections, .collection_count = 2};

enum { CREATED = 1 << LIVE_CREATED, UPDATED = 1 << LIVE_UPDATED, DELETED = 1 << LIVE_DELETED };
enum { ALL = CREATED | UPDATED | DELETED };

static void without_words_everything_is_wanted_from_now_on(void **state)
{
    struct live_request wanted;
    struct problem problem = {0};
    (void)state;
    assert_true(live_request_parse(&service, STR(""), STR(""), &wanted, &problem));
    assert_null(wanted.filter.kinds);
    assert_int_equal(wanted.last_event_id.len, 0);
    live_request_free(&wanted);
}

static void a_filter_is_the_kinds_of_each_collection(void **state)
{
    static const struct {
        const char *query;
        int kinds[2];
    } rows[] = {
        {"collection=entries", {ALL, 0}},
        {"collection=notes,entries", {ALL, ALL}},
        {"type=clinic.entry.created", {CREATED, 0}},
        {"type=clinic.note.deleted,clinic.note.updated", {0, DELETED | UPDATED}},
        {"type=clinic.note.deleted%2Cclinic.entry.created", {CREATED, DELETED}},
        {"collection=notes&type=clinic.note.deleted,clinic.entry.created", {0, DELETED}},
        {"type=clinic.entry.created&collection=notes", {0, 0}},
        {"&collection=notes&&", {0, ALL}},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct live_request wanted;
        struct problem problem = {0};
        assert_true(
            live_request_parse(&service, str_from(rows[i].query), STR(""), &wanted, &problem));
        assert_int_equal(wanted.filter.kinds[0], rows[i].kinds[0]);
        assert_int_equal(wanted.filter.kinds[1], rows[i].kinds[1]);
        live_request_free(&wanted);
    }
}

static void the_header_is_later_than_the_query(void **state)
{
    static const struct {
        const char *query, *header, *id;
    } rows[] = {
        {"last_event_id=7-1@" EPOCH, "", "7-1@" EPOCH},
        {"last_event_id=7-1%40" EPOCH, "", "7-1@" EPOCH},
        {"", "8-0@" EPOCH, "8-0@" EPOCH},
        {"last_event_id=7-1@" EPOCH, "8-0@" EPOCH, "8-0@" EPOCH},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct live_request wanted;
        struct problem problem = {0};
        assert_true(live_request_parse(&service, str_from(rows[i].query), str_from(rows[i].header),
                                       &wanted, &problem));
        assert_string_equal(wanted.last_event_id.ptr, rows[i].id);
        live_request_free(&wanted);
    }
}

static void a_mistake_names_its_parameter_and_what_is_allowed(void **state)
{
    static const struct {
        const char *query, *header, *place, *word;
    } rows[] = {
        {"collection=x", "", "\"collection\"", "entries, notes"},
        {"collection", "", "\"collection\"", "entries, notes"},
        {"collection=entries,,notes", "", "\"collection\"", "entries, notes"},
        {"collection=entries&collection=notes", "", "\"collection\"", "twice"},
        {"type=clinic.notes.created", "", "\"type\"", "entry, note"},
        {"type=clinic.note.", "", "\"type\"", "clinic.<what>"},
        {"type=%zz", "", "\"type\"", "percent"},
        {"%zz=1", "", "\"?\"", "percent"},
        {"", "7", "\"Last-Event-ID\"", "<number>-<number>@<epoch>"},
        {"", "7-1@", "\"Last-Event-ID\"", "<number>"},
        {"", "7-1@x y", "\"Last-Event-ID\"", "<number>"},
        {"", "7@" EPOCH, "\"Last-Event-ID\"", "<number>"},
        {"last_event_id=", "", "\"last_event_id\"", "<number>"},
        {"since=7", "", "\"since\"", "collection, type, last_event_id"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct live_request wanted;
        struct problem problem = {0};
        assert_false(live_request_parse(&service, str_from(rows[i].query), str_from(rows[i].header),
                                        &wanted, &problem));
        assert_int_equal(problem.status, STATUS_BAD_REQUEST);
        if (strstr(problem.mistakes.ptr, rows[i].place) == NULL ||
            strstr(problem.mistakes.ptr, rows[i].word) == NULL)
            fail_msg("%s: %s", rows[i].query, problem.mistakes.ptr);
        live_request_free(&wanted);
        problem_free(&problem);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_words_everything_is_wanted_from_now_on),
        cmocka_unit_test(a_filter_is_the_kinds_of_each_collection),
        cmocka_unit_test(the_header_is_later_than_the_query),
        cmocka_unit_test(a_mistake_names_its_parameter_and_what_is_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
