#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "base/buf.h"
#include "io/http/http_chunked.h"

/* What comes out, read in steps of so many bytes. */
static int decode(struct str coded, size_t step, struct buf *out)
{
    struct http_chunked chunked = {0};
    buf_reset(out);
    for (size_t at = 0; at < coded.len; at += step) {
        size_t len = coded.len - at < step ? coded.len - at : step;
        struct str rest = {coded.ptr + at, len}, data;
        while ((data = http_chunked_next(&chunked, &rest)).len > 0)
            buf_append_str(out, data);
        assert_true(rest.len == 0 || chunked.state >= CHUNKED_DONE);
    }
    return chunked.state;
}

static void a_body_comes_out_whole_however_it_is_cut(void **state)
{
    static const struct {
        struct str coded, body;
    } rows[] = {
        {STR("0\r\n\r\n"), STR("")},
        {STR("3\r\nabc\r\n0\r\n\r\n"), STR("abc")},
        {STR("1\r\n\n\r\n2\r\n\r\n\r\n000\r\n\r\n"), STR("\n\r\n")},
        {STR("00A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n"), STR("01234567890123456789")},
    };
    struct buf out = {0};
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        for (size_t step = 1; step <= rows[i].coded.len; step++) {
            assert_int_equal(decode(rows[i].coded, step, &out), CHUNKED_DONE);
            assert_true(str_equal(buf_str(&out), rows[i].body));
        }
    buf_free(&out);
}

static void what_is_not_strictly_chunked_is_broken(void **state)
{
    static const struct str rows[] = {
        STR("\r\n"),
        STR("g\r\n"),
        STR(" 3\r\nabc\r\n0\r\n\r\n"),
        STR("3 \r\nabc\r\n0\r\n\r\n"),
        STR("0x3\r\nabc\r\n0\r\n\r\n"),
        STR("-1\r\n"),
        STR("3\nabc\r\n0\r\n\r\n"),
        STR("3\r\rabc\r\n0\r\n\r\n"),
        STR("3\r\nabc\n0\r\n\r\n"),
        STR("3\r\nabcd\r\n0\r\n\r\n"),
        STR("3;a=b\r\nabc\r\n0\r\n\r\n"),
        STR("0\r\nTrailer: x\r\n\r\n"),
        STR("0\r\n\n"),
        STR("fffffffffffffffff\r\n"),
    };
    struct buf out = {0};
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        for (size_t step = 1; step <= rows[i].len; step++)
            assert_int_equal(decode(rows[i], step, &out), CHUNKED_BROKEN);
    buf_free(&out);
}

static void a_body_that_is_cut_off_is_not_done(void **state)
{
    static const struct str whole = STR("3\r\nabc\r\n0\r\n\r\n");
    struct buf out = {0};
    (void)state;
    for (size_t len = 0; len < whole.len; len++)
        assert_true(decode((struct str){whole.ptr, len}, 1, &out) < CHUNKED_DONE);
    buf_free(&out);
}

static void what_comes_behind_the_end_is_left(void **state)
{
    struct http_chunked chunked = {0};
    struct str rest = STR("0\r\n\r\nHTTP/1.1 200 OK");
    (void)state;
    assert_int_equal(http_chunked_next(&chunked, &rest).len, 0);
    assert_int_equal(chunked.state, CHUNKED_DONE);
    assert_true(str_equal(rest, STR("HTTP/1.1 200 OK")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_comes_out_whole_however_it_is_cut),
        cmocka_unit_test(what_is_not_strictly_chunked_is_broken),
        cmocka_unit_test(a_body_that_is_cut_off_is_not_done),
        cmocka_unit_test(what_comes_behind_the_end_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
