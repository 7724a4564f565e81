#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "role/http/read_after.h"

#define A     "018f3e7c-0000-7000-8000-00000000000a"
#define B     "018F3E7C-0000-7000-8000-00000000000B"
#define TOKEN "entries/" A "@3"
#define EIGHT TOKEN "," TOKEN "," TOKEN "," TOKEN "," TOKEN "," TOKEN "," TOKEN "," TOKEN

static char medical[] = "medical", entries_name[] = "entries", reports_name[] = "reports";
static struct collection entries = {.name = entries_name}, reports = {.name = reports_name};
static struct collection *collections[] = {&entries, &reports};
static const struct service service = {medical, collections, 2, {0}};

/* In the server's place. */
static struct buf said;

void http_answer_with(struct http_request *request, const char *name, struct str value)
{
    (void)request;
    buf_printf(&said, "%s: " STR_FMT, name, STR_ARG(value));
}

/* From an exact copy on the heap, so that ASan sees the first byte read beyond it. */
static bool parse(const char *text, struct read_after *out, struct problem *problem)
{
    size_t len = strlen(text);
    char *exact = malloc(len > 0 ? len : 1);
    assert_non_null(exact);
    memcpy(exact, text, len);
    bool is_parsed = read_after_parse(&service, (struct str){exact, len}, out, problem);
    free(exact);
    return is_parsed;
}

static void what_is_read_is_written_the_same(void **state)
{
    static const struct {
        const char *text, *written;
    } rows[] = {
        {TOKEN, TOKEN},
        {" " TOKEN "\t", TOKEN},
        {TOKEN ",reports/" A "@1", TOKEN ", reports/" A "@1"},
        {"entries/" B "@9223372036854775807",
         "entries/018f3e7c-0000-7000-8000-00000000000b@9223372036854775807"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct read_after after;
        struct problem problem = {0};
        struct buf written = {0};
        assert_true(parse(rows[i].text, &after, &problem));
        read_after_join(&after, ", ", &written);
        assert_string_equal(written.ptr, rows[i].written);
        buf_free(&written);
    }
}

static void a_token_names_collection_record_and_version(void **state)
{
    struct read_after after;
    struct problem problem = {0};
    struct uuid id;
    (void)state;
    assert_true(uuid_parse(STR(A), &id));
    assert_true(parse("reports/" A "@7, " TOKEN, &after, &problem));
    assert_int_equal(after.count, 2);
    assert_ptr_equal(after.tokens[0].collection, &reports);
    assert_memory_equal(&after.tokens[0].id, &id, sizeof(id));
    assert_int_equal(after.tokens[0].version, 7);
    assert_ptr_equal(after.tokens[1].collection, &entries);
}

static void eight_are_taken_and_nine_are_not(void **state)
{
    struct read_after after;
    struct problem problem = {0};
    (void)state;
    assert_true(parse(EIGHT, &after, &problem));
    assert_int_equal(after.count, READ_AFTER_MAX);
    assert_false(parse(EIGHT "," TOKEN, &after, &problem));
}

static void anything_else_is_refused_by_the_headers_name(void **state)
{
    static const char *const rows[] = {
        "",
        ",",
        TOKEN ",",
        "," TOKEN,
        TOKEN "," TOKEN ",,",
        TOKEN " " TOKEN,
        "entries",
        "entries/",
        "entries/" A,
        "entries/" A "@",
        "entries/" A "@0",
        "entries/" A "@-1",
        "entries/" A "@+1",
        "entries/" A "@01",
        "entries/" A "@1x",
        "entries/" A "@1@1",
        "entries/" A "@ 1",
        "entries/" A "@9223372036854775808",
        "entries//" A "@1",
        "entries/7@1",
        "/" A "@1",
        "Entries/" A "@1",
        "images/" A "@1",
        "medical/" TOKEN,
        A "@1",
        "@",
        "/@",
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct read_after after;
        struct problem problem = {0};
        if (parse(rows[i], &after, &problem))
            fail_msg("%s was taken", rows[i]);
        assert_int_equal(problem.status, STATUS_BAD_REQUEST);
        assert_non_null(strstr(problem.detail, "Read-After"));
        assert_non_null(strstr(problem.detail, "entries, reports"));
    }
}

static void an_answer_says_what_a_read_may_name(void **state)
{
    struct read_token token = {.collection = &reports, .version = 12};
    (void)state;
    assert_true(uuid_parse(STR(A), &token.id));
    read_after_say(NULL, &token);
    assert_string_equal(said.ptr, "read-after: reports/" A "@12");
    buf_free(&said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_is_written_the_same),
        cmocka_unit_test(a_token_names_collection_record_and_version),
        cmocka_unit_test(eight_are_taken_and_nine_are_not),
        cmocka_unit_test(anything_else_is_refused_by_the_headers_name),
        cmocka_unit_test(an_answer_says_what_a_read_may_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
