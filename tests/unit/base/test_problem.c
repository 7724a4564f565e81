#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "base/json.h"
#include "base/problem.h"

/* The problem as a client would read it; frees the problem. */
static struct json *document(struct problem *problem)
{
    struct buf out = {0};
    char mistake[JSON_MISTAKE_SIZE];
    buf_append_text(&out, "{");
    problem_write_members(problem, &out);
    buf_append_text(&out, "}");
    struct json *json = json_parse(buf_str(&out), mistake);
    problem_free(problem);
    if (json == NULL)
        print_error("%s in %s\n", mistake, out.ptr);
    buf_free(&out);
    assert_non_null(json);
    return json;
}

static void assert_text(const struct json *object, const char *key, const char *expected)
{
    struct str text = json_find_text(object, key, STR("(nothing)"));
    if (!str_equal(text, str_from(expected)))
        fail_msg("%s is \"" STR_FMT "\", not \"%s\"", key, STR_ARG(text), expected);
}

static void zeroed_it_says_that_nothing_is_wrong(void **state)
{
    (void)state;
    struct problem problem = {0};
    assert_false(problem_is_set(&problem));
    problem_free(&problem);
    problem_free(&problem);
}

static void a_problem_renders_as_rfc_9457_tells(void **state)
{
    (void)state;
    struct problem problem = {0};
    problem_set(&problem, STATUS_CONFLICT, "%s %d is taken", "number", 7);
    assert_true(problem_is_set(&problem));
    struct json *json = document(&problem);
    assert_text(json, "type", "about:blank");
    assert_text(json, "title", "Conflict");
    assert_text(json, "reason", "conflict");
    assert_text(json, "detail", "number 7 is taken");
    assert_int_equal(json_find_integer(json, "status", 0), 409);
    assert_int_equal(json_count(json), 5);
    json_free(&json);
}

static void every_status_renders_with_its_own_words(void **state)
{
    (void)state;
    for (int i = STATUS_OK + 1; i <= STATUS_TIMEOUT; i++) {
        const struct status_info *info = status_info(i);
        struct problem problem = {0};
        problem_set(&problem, i, "%s", "");
        struct json *json = document(&problem);
        assert_text(json, "title", status_http_phrase(info->http));
        assert_text(json, "reason", info->reason);
        assert_text(json, "detail", info->sentence);
        assert_int_equal(json_find_integer(json, "status", 0), info->http);
        json_free(&json);
    }
}

static void the_first_word_wins(void **state)
{
    (void)state;
    struct problem problem = {0};
    problem_set(&problem, STATUS_TIMEOUT, "first");
    problem_set(&problem, STATUS_CONFLICT, "second");
    problem_at_pointer(&problem, STR("/a"), "third");
    problem_at_parameter(&problem, STR("b"), "fourth");
    struct json *json = document(&problem);
    assert_text(json, "reason", "timeout");
    assert_text(json, "detail", "first");
    assert_int_equal(json_count(json_find(json, "errors")), 2);
    json_free(&json);
}

static void mistakes_are_listed_in_order_each_with_its_place(void **state)
{
    static const struct {
        const char *kind, *place, *detail;
    } rows[] = {
        {"pointer", "", "must be an object"},
        {"pointer", "/a~1b/0/c~0d", "must be at most 5"},
        {"pointer", "/\"quoted\"\\", "tab\there"},
        {"parameter", "limit", "must be a number"},
        {"parameter", "caf\xc3\xa9", "\xe2\x82\xac is no filter"},
    };
    (void)state;
    struct problem problem = {0};
    for (size_t i = 0; i < countof(rows); i++)
        (strcmp(rows[i].kind, "pointer") == 0 ? problem_at_pointer : problem_at_parameter)(
            &problem, str_from(rows[i].place), "%s", rows[i].detail);
    struct json *json = document(&problem), *errors = json_find(json, "errors");
    assert_int_equal(json_count(errors), countof(rows));
    for (size_t i = 0; i < countof(rows); i++) {
        assert_text(json_item(errors, i), rows[i].kind, rows[i].place);
        assert_text(json_item(errors, i), "detail", rows[i].detail);
        assert_int_equal(json_count(json_item(errors, i)), 2);
    }
    assert_null(json_find(json, "errors_total"));
    json_free(&json);
}

static void a_mistake_in_a_body_makes_it_invalid(void **state)
{
    (void)state;
    struct problem problem = {0};
    problem_at_pointer(&problem, STR("/a"), "is missing");
    assert_int_equal(problem.status, STATUS_INVALID);
    struct json *json = document(&problem);
    assert_int_equal(json_find_integer(json, "status", 0), 422);
    assert_text(json, "detail", status_info(STATUS_INVALID)->sentence);
    json_free(&json);
}

static void a_mistake_in_a_query_makes_it_a_bad_request(void **state)
{
    (void)state;
    struct problem problem = {0};
    problem_at_parameter(&problem, STR("sort"), "is unknown");
    assert_int_equal(problem.status, STATUS_BAD_REQUEST);
    struct json *json = document(&problem);
    assert_int_equal(json_find_integer(json, "status", 0), 400);
    assert_text(json, "title", "Bad Request");
    json_free(&json);
}

static void a_flood_of_mistakes_is_counted_and_not_kept(void **state)
{
    static const unsigned given[] = {PROBLEM_MISTAKES_MAX - 1, PROBLEM_MISTAKES_MAX,
                                     PROBLEM_MISTAKES_MAX + 1, 5000};
    (void)state;
    for (size_t i = 0; i < countof(given); i++) {
        struct problem problem = {0};
        for (unsigned j = 0; j < given[i]; j++)
            problem_at_pointer(&problem, STR("/x"), "%u", j);
        bool flooded = given[i] > PROBLEM_MISTAKES_MAX;
        struct json *json = document(&problem);
        assert_int_equal(json_count(json_find(json, "errors")),
                         flooded ? PROBLEM_MISTAKES_MAX : given[i]);
        assert_int_equal(json_find_integer(json, "errors_total", 0), flooded ? given[i] : 0);
        json_free(&json);
    }
}

static void a_long_sentence_is_cut_where_a_character_ends(void **state)
{
    /* With one byte in front or none, every parity of the cut falls inside some character. */
    static const char *const fronts[] = {"", "x", "xx", "xxx"};
    (void)state;
    struct buf euros = {0};
    for (int i = 0; i < PROBLEM_DETAIL_SIZE; i++)
        buf_append_text(&euros, "\xe2\x82\xac");
    for (size_t i = 0; i < countof(fronts); i++) {
        struct problem problem = {0};
        problem_set(&problem, STATUS_CONFLICT, "%s%s", fronts[i], euros.ptr);
        problem_at_pointer(&problem, STR("/a"), "%s%s", fronts[i], euros.ptr);
        struct json *json = document(&problem);
        struct str detail = json_find_text(json, "detail", STR(""));
        assert_in_range(detail.len, PROBLEM_DETAIL_SIZE - 4, PROBLEM_DETAIL_SIZE - 1);
        json_free(&json);
    }
    buf_free(&euros);
}

static void a_place_that_is_no_text_does_not_spoil_the_document(void **state)
{
    (void)state;
    struct problem problem = {0};
    problem_at_parameter(&problem, STR("caf\xe9"), "is unknown");
    problem_at_parameter(&problem, str_from(NULL), "has no name");
    struct json *json = document(&problem);
    assert_int_equal(json_count(json_find(json, "errors")), 2);
    json_free(&json);
}

static void freed_it_can_serve_again(void **state)
{
    (void)state;
    struct problem problem = {0};
    problem_at_pointer(&problem, STR("/a"), "is missing");
    problem_free(&problem);
    assert_false(problem_is_set(&problem));
    assert_int_equal(problem.mistake_count, 0);
    problem_set(&problem, STATUS_NOT_FOUND, "gone");
    struct json *json = document(&problem);
    assert_null(json_find(json, "errors"));
    assert_text(json, "detail", "gone");
    json_free(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeroed_it_says_that_nothing_is_wrong),
        cmocka_unit_test(a_problem_renders_as_rfc_9457_tells),
        cmocka_unit_test(every_status_renders_with_its_own_words),
        cmocka_unit_test(the_first_word_wins),
        cmocka_unit_test(mistakes_are_listed_in_order_each_with_its_place),
        cmocka_unit_test(a_mistake_in_a_body_makes_it_invalid),
        cmocka_unit_test(a_mistake_in_a_query_makes_it_a_bad_request),
        cmocka_unit_test(a_flood_of_mistakes_is_counted_and_not_kept),
        cmocka_unit_test(a_long_sentence_is_cut_where_a_character_ends),
        cmocka_unit_test(a_place_that_is_no_text_does_not_spoil_the_document),
        cmocka_unit_test(freed_it_can_serve_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
