#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "base/buf.h"
#include "io/http/http_head.h"

struct row {
    struct str raw;
    enum status status;
};

#define OK         STATUS_OK
#define BAD        STATUS_BAD_REQUEST
#define NO_METHOD  STATUS_METHOD_NOT_ALLOWED
#define NO_LENGTH  STATUS_LENGTH_REQUIRED
#define HEAD(text) STR(text "\r\n\r\n")
#define GET(rest)  HEAD("GET / HTTP/1.1\r\nHost: a" rest)
#define POST(rest) HEAD("POST / HTTP/1.1\r\nHost: a" rest)

/* From an exact copy on the heap, so that ASan sees the first byte read beyond it. */
static void assert_status(struct str raw, enum status expected)
{
    const char *why = "";
    char *copy = mem_copy(raw.ptr, raw.len), *exact = malloc(raw.len > 0 ? raw.len : 1);
    assert_non_null(exact);
    memcpy(exact, copy, raw.len);
    enum status status = http_head_check((struct str){exact, raw.len}, &why);
    if (status != expected)
        fail_msg("%s%s instead of %s: %s", copy, status_info(status)->name,
                 status_info(expected)->name, why == NULL ? "" : why);
    assert_int_equal(status == STATUS_OK, why == NULL);
    free(copy);
    free(exact);
}

static void assert_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_status(rows[i].raw, rows[i].status);
}

static void a_plain_request_is_taken(void **state)
{
    static const struct row rows[] = {
        {GET(""), OK},
        {GET("\r\nAccept: */*\r\nX-Empty:\r\nX-Tab:\ta\tb"), OK},
        {GET("\r\nX: caf\xc3\xa9"), OK},
        {POST("\r\nContent-Length: 0"), OK},
        {POST("\r\nContent-Length: 9223372036854775807"), OK},
        {STR("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"), OK},
        {STR("PUT /a HTTP/1.1\r\nHOST:a:80\r\ncontent-length:5\r\n\r\n\n\n\r\r\n"), OK},
        {HEAD("HEAD /a?b=c&d=%20 HTTP/1.1\r\nHost: [::1]:80"), OK},
        {HEAD("PATCH /a/018f HTTP/1.1\r\nHost: a"), OK},
        {HEAD("DELETE //a HTTP/1.1\r\nHost:"), OK},
        {STR("GET / HTTP/1.0\r\n\r\n"), OK},
        {STR("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\nbroken"), OK},
    };
    (void)state;
    assert_rows(rows, countof(rows));
}

static void two_ways_to_tell_where_the_body_ends_are_never_taken(void **state)
{
    static const struct row rows[] = {
        {POST("\r\nContent-Length: 5\r\nTransfer-Encoding: chunked"), NO_LENGTH},
        {POST("\r\nTransfer-Encoding: chunked\r\nContent-Length: 5"), NO_LENGTH},
        {POST("\r\nTransfer-Encoding: chunked"), NO_LENGTH},
        {POST("\r\ntransfer-ENCODING: x"), NO_LENGTH},
        {POST("\r\nTransfer-Encoding: identity"), NO_LENGTH},
        {POST("\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity"), NO_LENGTH},
        {POST("\r\nTransfer-Encoding: \x0b"
              "chunked"),
         BAD},
        {POST("\r\nTransfer-Encoding : chunked"), BAD},
        {POST("\r\nTransfer-Encoding\t: chunked"), BAD},
        {POST("\r\n Transfer-Encoding: chunked"), BAD},
        {POST("\r\nTransfer\x00-Encoding: chunked"), BAD},
        {POST("\r\nTransfer-Encoding"), BAD},
        {HEAD("GET / HTTP/1.0\r\nTransfer-Encoding: chunked"), NO_LENGTH},
        {POST("\r\nContent-Length: 5\r\nContent-Length: 6"), BAD},
        {POST("\r\nContent-Length: 5\r\ncontent-length: 5"), BAD},
        {POST("\r\nContent-Length: 5\r\nX: 1\r\nContent-Length:"), BAD},
    };
    (void)state;
    assert_rows(rows, countof(rows));
}

static void what_may_stand_once_is_refused_twice(void **state)
{
    static const struct row rows[] = {
        {GET("\r\nRead-After: a"), OK},
        {GET("\r\nRead-After: a\r\nRead-After: a"), BAD},
        {GET("\r\nread-after:\r\nX: y\r\nREAD-AFTER: a"), BAD},
        {GET("\r\nAccept: a\r\nAccept: b"), OK},
    };
    (void)state;
    assert_rows(rows, countof(rows));
}

static void a_length_is_digits_only(void **state)
{
    static const char *const values[] = {
        "5, 5",
        "5,5",
        "+5",
        "-5",
        "-0",
        "",
        "0x5",
        "5.0",
        "5e0",
        "five",
        "5 5",
        "5 ",
        "\"5\"",
        "5;x",
        "9223372036854775808",
        "99999999999999999999999",
        "\xd9\xa5",
        "_5",
        "5_0",
    };
    (void)state;
    for (size_t i = 0; i < countof(values); i++) {
        struct buf head = {0};
        buf_printf(&head, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %s\r\n\r\n", values[i]);
        assert_status(buf_str(&head), BAD);
        buf_free(&head);
    }
}

static void lines_end_in_cr_lf_and_nothing_else(void **state)
{
    static const struct row rows[] = {
        {STR("GET / HTTP/1.1\nHost: a\n\n"), BAD},
        {STR("GET / HTTP/1.1\nHost: a\r\n\r\n"), BAD},
        {STR("GET / HTTP/1.1\r\nHost: a\n\r\n"), BAD},
        {STR("GET / HTTP/1.1\r\nHost: a\r\n\n"), BAD},
        {STR("GET / HTTP/1.1\r\nHost: a\n\n"), BAD},
        {STR("GET / HTTP/1.1\r\nHost: a\r\nX: 1\nContent-Length: 5\r\n\r\n"), BAD},
        {GET("\r\nX: 1\rContent-Length: 5"), BAD},
        {GET("\r\nX: 1\r\r\nY: 2"), BAD},
        {STR("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), BAD},
        {STR("GET / HTTP/1.1\rHost: a\r\r"), BAD},
    };
    (void)state;
    assert_rows(rows, countof(rows));
}

static void one_empty_line_before_a_request_is_forgiven(void **state)
{
    static const struct row rows[] = {
        {STR("\r\nGET / HTTP/1.0\r\n\r\n"), OK},
        {STR("\r\n\r\nGET / HTTP/1.0\r\n\r\n"), BAD},
        {STR("\r\n"), BAD},
        {STR("\r\n\r\n"), BAD},
        {STR(" \r\nGET / HTTP/1.0\r\n\r\n"), BAD},
    };
    (void)state;
    assert_rows(rows, countof(rows));
}

static void a_folded_line_is_refused(void **state)
{
    static const struct row rows[] = {
        {GET("\r\nX: 1\r\n 2"), BAD},
        {GET("\r\nX: 1\r\n\t2"), BAD},
        {GET("\r\nX:\r\n chunked"), BAD},
        {GET("\r\nContent-Length:\r\n 5"), BAD},
        {HEAD("GET / HTTP/1.1\r\n Host: a"), BAD},
    };
    (void)state;
    assert_rows(rows, countof(rows));
}

static void there_is_one_host(void **state)
{
    static const struct row rows[] = {
        {STR("GET / HTTP/1.1\r\n\r\n"), BAD},
        {HEAD("GET / HTTP/1.1\r\nX-Host: a"), BAD},
        {GET("\r\nHost: a"), BAD},
        {GET("\r\nhost: b"), BAD},
        {HEAD("GET / HTTP/1.0\r\nHost: a\r\nHost: b"), BAD},
    };
    (void)state;
    assert_rows(rows, countof(rows));
}

static void a_headers_name_is_a_token(void **state)
{
    static const struct row rows[] = {
        {GET("\r\nX : 1"), BAD},
        {GET("\r\nX\t: 1"), BAD},
        {GET("\r\n: 1"), BAD},
        {GET("\r\nX"), BAD},
        {GET("\r\nX Y: 1"), BAD},
        {GET("\r\nX\x00Y: 1"), BAD},
        {GET("\r\n(X): 1"), BAD},
        {GET("\r\nX\xc3\xa9: 1"), BAD},
        {GET("\r\n\"X\": 1"), BAD},
        {GET("\r\nX@: 1"), BAD},
        {GET("\r\nX/Y: 1"), BAD},
        {GET("\r\nX\x7f: 1"), BAD},
        {GET("\r\n!#$%&'*+-.^_`|~0Az: 1"), OK},
    };
    (void)state;
    assert_rows(rows, countof(rows));
}

static void control_characters_are_refused_everywhere(void **state)
{
    (void)state;
    for (int c = 0; c < 0x80; c++) {
        char target[] = "GET /?x HTTP/1.1\r\nHost: a\r\n\r\n";
        char value[] = "GET / HTTP/1.1\r\nHost: a\r\nX: ?x\r\n\r\n";
        bool is_control = c < ' ' || c == 0x7f;
        *strchr(target, '?') = (char)c;
        *strchr(value, '?') = (char)c;
        if (is_control)
            assert_status((struct str){target, sizeof(target) - 1}, BAD);
        if (is_control && c != '\t')
            assert_status((struct str){value, sizeof(value) - 1}, BAD);
        if (!is_control)
            assert_status((struct str){value, sizeof(value) - 1}, OK);
    }
}

static void a_target_is_a_path(void **state)
{
    static const struct row rows[] = {
        {HEAD("GET http://a/ HTTP/1.1\r\nHost: a"), BAD},
        {HEAD("GET http://b/ HTTP/1.1\r\nHost: a"), BAD},
        {HEAD("GET * HTTP/1.1\r\nHost: a"), BAD},
        {HEAD("GET a HTTP/1.1\r\nHost: a"), BAD},
        {HEAD("GET  HTTP/1.1\r\nHost: a"), BAD},
        {HEAD("GET HTTP/1.1\r\nHost: a"), BAD},
        {HEAD("GET ?a HTTP/1.1\r\nHost: a"), BAD},
        {HEAD("GET /#a HTTP/1.1\r\nHost: a"), BAD},
        {HEAD("GET /\xc3\xa9 HTTP/1.1\r\nHost: a"), BAD},
        {HEAD("GET /a b HTTP/1.1\r\nHost: a"), BAD},
        {HEAD("GET  / HTTP/1.1\r\nHost: a"), BAD},
        {HEAD("GET /  HTTP/1.1\r\nHost: a"), BAD},
    };
    (void)state;
    assert_rows(rows, countof(rows));
}

static void a_method_is_one_of_six(void **state)
{
    static const struct row rows[] = {
        {HEAD("CONNECT a:443 HTTP/1.1\r\nHost: a"), NO_METHOD},
        {HEAD("OPTIONS * HTTP/1.1\r\nHost: a"), NO_METHOD},
        {HEAD("TRACE / HTTP/1.1\r\nHost: a"), NO_METHOD},
        {HEAD("get / HTTP/1.1\r\nHost: a"), NO_METHOD},
        {HEAD("Get / HTTP/1.1\r\nHost: a"), NO_METHOD},
        {HEAD("GETS / HTTP/1.1\r\nHost: a"), NO_METHOD},
        {HEAD(" / HTTP/1.1\r\nHost: a"), BAD},
        {HEAD(" GET / HTTP/1.1\r\nHost: a"), BAD},
        {HEAD("G\x00T / HTTP/1.1\r\nHost: a"), BAD},
        {HEAD("G(T / HTTP/1.1\r\nHost: a"), BAD},
        {HEAD("GET\t/ HTTP/1.1\r\nHost: a"), BAD},
        {HEAD("G\xc3\xa9T / HTTP/1.1\r\nHost: a"), BAD},
    };
    (void)state;
    assert_rows(rows, countof(rows));
}

static void only_version_one_of_http_is_taken(void **state)
{
    static const char *const versions[] = {"HTTP/0.9",  "HTTP/2.0", "HTTP/1",    "HTTP/1.",
                                           "http/1.1",  "HTTP/1.a", "HTTP/11.1", "HTTP/1.1 x",
                                           "HTTPS/1.1", ""};
    (void)state;
    for (size_t i = 0; i < countof(versions); i++) {
        struct buf head = {0};
        buf_printf(&head, "GET / %s\r\nHost: a\r\n\r\n", versions[i]);
        assert_status(buf_str(&head), BAD);
        buf_free(&head);
    }
}

static void a_hundred_headers_are_taken_and_no_more(void **state)
{
    static const struct {
        int count;
        enum status status;
    } rows[] = {{99, OK}, {100, BAD}, {101, BAD}, {10000, BAD}};
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct buf head = {0};
        buf_append_text(&head, "GET / HTTP/1.1\r\nHost: a\r\n");
        for (int n = 0; n < rows[i].count; n++)
            buf_printf(&head, "X-%d: %d\r\n", n, n);
        buf_append_text(&head, "\r\n");
        assert_status(buf_str(&head), rows[i].status);
        buf_free(&head);
    }
}

static void a_head_that_is_not_whole_is_refused(void **state)
{
    static const struct str whole = POST("\r\nContent-Length: 2");
    (void)state;
    for (size_t len = 0; len < whole.len; len++)
        assert_status((struct str){whole.ptr, len}, BAD);
    assert_status(whole, OK);
}

static void an_answer_is_read_with_what_it_says_of_itself(void **state)
{
    (void)state;
    struct http_answer_head head;
    struct str raw = STR(
        "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
        "CONTENT-LENGTH: 2\r\nETag: \"7\"\r\nLocation: /a/1\r\n"
        "Allow: GET, HEAD\r\nRetry-After: 3 \t\r\nRead-After: a/b@1, c\r\nAge: 4\r\nVary: a, b\r\n"
        "Content-Encoding: gzip\r\nX: y\r\n\r\n{}");
    assert_int_equal(http_head_parse_answer(raw, &head), 1);
    assert_int_equal(head.status, 201);
    assert_int_equal(head.content_length, 2);
    assert_int_equal(head.head_bytes, raw.len - 2);
    assert_true(head.keeps_alive && !head.is_chunked);
    assert_true(str_equal(head.content_type, STR("application/json")));
    assert_true(str_equal(head.etag, STR("\"7\"")) && str_equal(head.location, STR("/a/1")));
    assert_true(str_equal(head.allow, STR("GET, HEAD")));
    assert_true(str_equal(head.retry_after, STR("3")));
    assert_true(str_equal(head.read_after, STR("a/b@1, c")));
    assert_true(str_equal(head.content_encoding, STR("gzip")));
    assert_true(str_equal(head.age, STR("4")) && str_equal(head.vary, STR("a, b")));
    for (size_t len = 0; len < head.head_bytes; len++) {
        struct http_answer_head part;
        assert_int_equal(http_head_parse_answer((struct str){raw.ptr, len}, &part), 0);
    }
}

static void an_answer_that_says_nothing_leaves_nothing_said(void **state)
{
    (void)state;
    struct http_answer_head head;
    assert_int_equal(http_head_parse_answer(STR("HTTP/1.1 204 No Content\r\n\r\n"), &head), 1);
    assert_int_equal(head.status, 204);
    assert_int_equal(head.content_length, -1);
    assert_int_equal(head.content_type.len + head.etag.len + head.location.len, 0);
    assert_int_equal(head.allow.len + head.retry_after.len, 0);
}

static void an_answer_tells_whether_its_connection_lives_and_how_its_body_ends(void **state)
{
    static const struct {
        struct str raw;
        bool keeps_alive, is_chunked;
    } rows[] = {
        {HEAD("HTTP/1.1 200 OK\r\nX: y"), true, false},
        {HEAD("HTTP/1.1 200 OK\r\nConnection: close"), false, false},
        {HEAD("HTTP/1.1 200 OK\r\nconnection: CLOSE"), false, false},
        {HEAD("HTTP/1.1 200 OK\r\nConnection: close "), false, false},
        {HEAD("HTTP/1.1 200 OK\r\nConnection: close, X-Hop"), false, false},
        {HEAD("HTTP/1.1 200 OK\r\nConnection: X-Hop,close"), false, false},
        {HEAD("HTTP/1.1 200 OK\r\nConnection: close\r\nConnection: keep-alive"), false, false},
        {HEAD("HTTP/1.0 200 OK\r\nX: y"), false, false},
        {HEAD("HTTP/1.0 200 OK\r\nConnection: Keep-Alive"), true, false},
        {HEAD("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"), true, true},
        {HEAD("HTTP/1.1 200 \r\ntransfer-encoding: CHUNKED"), true, true},
        {HEAD("HTTP/1.1 200 Qu\xc3\xa9 bien"), true, false},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct http_answer_head head;
        assert_int_equal(http_head_parse_answer(rows[i].raw, &head), 1);
        if (head.keeps_alive != rows[i].keeps_alive || head.is_chunked != rows[i].is_chunked)
            fail_msg(STR_FMT, STR_ARG(rows[i].raw));
    }
}

static void what_is_no_answer_is_refused(void **state)
{
    static const struct str rows[] = {
        HEAD("GET / HTTP/1.1\r\nHost: a"),
        HEAD("HTTP/2.0 200 OK"),
        HEAD("HTTP/1.1 xyz OK"),
        HEAD("HTTP/1.1 99 OK"),
        HEAD("HTTP/1.1 2000 OK"),
        HEAD("HTTP/1.1 -20 OK"),
        HEAD("ICY 200 OK"),
        HEAD("HTTP/1. 200 OK"),
        HEAD("HTTP/1.x 200 OK"),
        HEAD("HTTP/1.1"),
        HEAD("HTTP/1.1 20"),
        HEAD("HTTP/1.1 200"),
        HEAD("HTTP/1.1  200 OK"),
        HEAD("HTTP/1.1 200 O\x01K"),
        HEAD("HTTP/1.1 200 OK\r\nno colon"),
        HEAD("HTTP/1.1 200 OK\r\n: 1"),
        HEAD("HTTP/1.1 200 OK\r\nX: \x7f"),
        HEAD("HTTP/1.1 200 OK\r\nContent-Length: x"),
        HEAD("HTTP/1.1 200 OK\r\nContent-Length: -1"),
        HEAD("HTTP/1.1 200 OK\r\nContent-Length: 2, 2"),
        HEAD("HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808"),
        HEAD("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2"),
        HEAD("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked"),
        HEAD("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked"),
        HEAD("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
        HEAD("HTTP/1.1 200 OK\r\nX: 1\r\n 2"),
        HEAD("HTTP/1.1 200 OK\r\nX : 1"),
        HEAD("HTTP/1.1 200 OK\r\nX: \x01"),
        HEAD("HTTP/1.1 200 OK\r\nX: a\rY: b"),
        HEAD("HTTP/1.1 200 OK\nX: a"),
        HEAD("HTTP/1.1 200 OK\r\nX: a\nY: b"),
        STR("HTTP/1.1 200 OK\r\nX: a\r\n\n"),
        STR("HTTP/1.1 200 OK\r\nX: a\n\r\n"),
        HEAD("HTTP/1.1 000 OK\r\nX: a"),
        HEAD("HTTP/1.1 600 OK\r\nX: a"),
        HEAD("HTTP/1.1 204 OK\r\nContent-Length: 2"),
        HEAD("HTTP/1.1 204 OK\r\nTransfer-Encoding: chunked"),
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct http_answer_head head;
        if (http_head_parse_answer(rows[i], &head) != -1)
            fail_msg(STR_FMT, STR_ARG(rows[i]));
    }
}

static void an_answer_has_a_hundred_headers_and_no_more(void **state)
{
    static const struct {
        int count, whole;
    } rows[] = {{100, 1}, {101, -1}};
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct http_answer_head head;
        struct buf raw = {0};
        buf_append_text(&raw, "HTTP/1.1 200 OK\r\n");
        for (int n = 0; n < rows[i].count; n++)
            buf_printf(&raw, "X-%d: %d\r\n", n, n);
        buf_append_text(&raw, "\r\n");
        assert_int_equal(http_head_parse_answer(buf_str(&raw), &head), rows[i].whole);
        buf_free(&raw);
    }
}

static void a_head_that_does_not_end_is_not_waited_for(void **state)
{
    enum { MOST = 65536 };
    static const char start[] = "HTTP/1.1 200 OK\r\nX: ";
    struct http_answer_head head;
    struct buf raw = {0};
    (void)state;
    buf_append_text(&raw, start);
    memset(buf_reserve(&raw, MOST), 'x', MOST);
    assert_int_equal(http_head_parse_answer((struct str){raw.ptr, MOST - 1}, &head), 0);
    assert_int_equal(http_head_parse_answer((struct str){raw.ptr, MOST}, &head), -1);
    raw.len = MOST - 3;
    buf_append_text(&raw, "\r\n\r\n");
    assert_int_equal(http_head_parse_answer(buf_str(&raw), &head), -1);
    buf_free(&raw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_request_is_taken),
        cmocka_unit_test(two_ways_to_tell_where_the_body_ends_are_never_taken),
        cmocka_unit_test(what_may_stand_once_is_refused_twice),
        cmocka_unit_test(a_length_is_digits_only),
        cmocka_unit_test(lines_end_in_cr_lf_and_nothing_else),
        cmocka_unit_test(one_empty_line_before_a_request_is_forgiven),
        cmocka_unit_test(a_folded_line_is_refused),
        cmocka_unit_test(there_is_one_host),
        cmocka_unit_test(a_headers_name_is_a_token),
        cmocka_unit_test(control_characters_are_refused_everywhere),
        cmocka_unit_test(a_target_is_a_path),
        cmocka_unit_test(a_method_is_one_of_six),
        cmocka_unit_test(only_version_one_of_http_is_taken),
        cmocka_unit_test(a_hundred_headers_are_taken_and_no_more),
        cmocka_unit_test(a_head_that_is_not_whole_is_refused),
        cmocka_unit_test(an_answer_is_read_with_what_it_says_of_itself),
        cmocka_unit_test(an_answer_that_says_nothing_leaves_nothing_said),
        cmocka_unit_test(an_answer_tells_whether_its_connection_lives_and_how_its_body_ends),
        cmocka_unit_test(what_is_no_answer_is_refused),
        cmocka_unit_test(an_answer_has_a_hundred_headers_and_no_more),
        cmocka_unit_test(a_head_that_does_not_end_is_not_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
