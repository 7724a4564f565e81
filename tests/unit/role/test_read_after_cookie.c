#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "role/http/read_after_cookie.h"

#define ID(digit) "018f3e7c-0000-7000-8000-00000000000" digit
#define A         "entries/" ID("a")
#define B         "entries/" ID("b")
#define C         "entries/" ID("c")
#define D         "reports/" ID("a")
#define E         "reports/" ID("b")
#define NAME      "mamparo-read-after="

static char medical[] = "medical", entries_name[] = "entries", reports_name[] = "reports";
static struct collection entries = {.name = entries_name}, reports = {.name = reports_name};
static struct collection *collections[] = {&entries, &reports};
static const struct service service = {medical, collections, 2, {0}};

/* In the server's place. */
static const char *cookies; /* of the request */
static struct buf said;

struct str http_request_header(const struct http_request *request, struct str name)
{
    (void)request;
    assert_true(str_equal(name, STR("cookie")));
    return cookies == NULL ? (struct str){NULL, 0} : str_from(cookies);
}

void http_answer_with(struct http_request *request, const char *name, struct str value)
{
    (void)request;
    buf_printf(&said, "%s: " STR_FMT, name, STR_ARG(value));
}

static void assert_tokens(const struct read_after *after, const char *expected)
{
    struct buf joined = {0};
    buf_append_text(&joined, "");
    read_after_join(after, ",", &joined);
    assert_string_equal(joined.ptr, expected);
    buf_free(&joined);
}

static struct read_after tokens(const char *text)
{
    struct read_after after = {0};
    if (text[0] != '\0')
        assert_true(read_after_split(&service, str_from(text), ',', &after));
    return after;
}

static void the_cookie_is_found_among_others(void **state)
{
    static const struct {
        const char *cookies, *found;
    } rows[] = {
        {NAME A "@1", A "@1"},
        {NAME A "@1&" D "@2", A "@1," D "@2"},
        {"a=b; " NAME A "@1; c=d", A "@1"},
        {"a=b;" NAME A "@1;c=d", A "@1"},
        {"=; ;;x" NAME B "@1; " NAME A "@1", A "@1"},
        {NAME A "@1; " NAME B "@1", A "@1"}, /* a browser sends that of the longest path first */
        {"", ""},
        {"mamparo-read-after", ""},
        {"Mamparo-Read-After=" A "@1", ""},
        {NAME, ""},
        {NAME "; " NAME A "@1", ""},
        {NAME A "@0", ""},
        {NAME A "@1," B "@1", ""},
        {NAME A "@1&", ""},
        {NAME A "@1&images/" ID("a") "@1", ""},
        {NAME "\"" A "@1\"", ""},
        {NAME "x", ""},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct read_after after;
        read_after_cookie_find(&service, str_from(rows[i].cookies), &after);
        assert_tokens(&after, rows[i].found);
    }
}

static void the_newest_few_are_kept_one_for_each_record(void **state)
{
    static const struct {
        const char *before, *newer, *kept;
    } rows[] = {
        {"", A "@1", A "@1"},
        {A "@1", B "@1", B "@1," A "@1"},
        {A "@1", A "@2", A "@2"},
        {A "@1," B "@1," C "@1," D "@1", E "@1", E "@1," A "@1," B "@1," C "@1"},
        {A "@1," B "@1," C "@1," D "@1", D "@2", D "@2," A "@1," B "@1," C "@1"},
        {A "@9", A "@1," A "@2", A "@1"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct read_after after = tokens(rows[i].before), newer = tokens(rows[i].newer);
        read_after_cookie_renew(&after, &newer);
        assert_tokens(&after, rows[i].kept);
    }
}

static void what_is_set_is_found_again(void **state)
{
    struct read_after after = tokens(A "@1," D "@23"), found;
    struct buf cookie = {0};
    (void)state;
    read_after_cookie_write(&after, &service, &cookie);
    assert_string_equal(cookie.ptr, NAME A "@1&" D "@23; Path=/v1/medical; Max-Age=60; HttpOnly; "
                                           "SameSite=Lax");
    read_after_cookie_find(&service, buf_str(&cookie), &found);
    assert_tokens(&found, A "@1," D "@23");
    buf_free(&cookie);
}

static void a_reads_cookie_becomes_the_header(void **state)
{
    struct http_request request = {0};
    struct buf value = {0};
    (void)state;
    cookies = NAME A "@1&" D "@2";
    read_after_cookie_take(&request, &service, &value);
    assert_string_equal(value.ptr, A "@1, " D "@2");
    buf_free(&value);
    for (int i = 0; i < 2; i++) {
        cookies = i == 0 ? NULL : NAME "x";
        read_after_cookie_take(&request, &service, &value);
        assert_null(value.ptr);
    }
}

static void a_writes_answer_sets_the_cookie(void **state)
{
    static const struct {
        const char *cookies, *answer, *set;
    } rows[] = {
        {NULL, A "@1", A "@1"},
        {NAME "x", A "@1", A "@1"},
        {NAME B "@1", A "@1", A "@1&" B "@1"},
        {NAME B "@1", "", NULL},
        {NAME B "@1", "nothing of ours", NULL},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct http_request request = {0}, gone = {.is_gone = true};
        struct buf expected = {0};
        cookies = rows[i].cookies;
        buf_printf(&expected, "set-cookie: " NAME "%s; Path", rows[i].set);
        read_after_cookie_set(&gone, &service, str_from(rows[i].answer));
        assert_null(said.ptr);
        read_after_cookie_set(&request, &service, str_from(rows[i].answer));
        if (rows[i].set == NULL)
            assert_null(said.ptr);
        else
            assert_memory_equal(said.ptr, expected.ptr, expected.len);
        buf_free(&expected);
        buf_free(&said);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cookie_is_found_among_others),
        cmocka_unit_test(the_newest_few_are_kept_one_for_each_record),
        cmocka_unit_test(what_is_set_is_found_again),
        cmocka_unit_test(a_reads_cookie_becomes_the_header),
        cmocka_unit_test(a_writes_answer_sets_the_cookie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
