#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>
#include <zlib.h>

#include "io/http/http_coding.h"

static void assert_preferred(const char *const *headers, size_t count, bool is_preferred)
{
    for (size_t i = 0; i < count; i++)
        if (http_coding_prefers_gzip(str_from(headers[i])) != is_preferred)
            fail_msg("%s", headers[i]);
}

static void gzip_is_for_whoever_names_it(void **state)
{
    static const char *const headers[] = {
        "gzip",     "GZip",           "x-gzip",     "br, gzip",     "gzip, br",    " gzip ",
        "gzip;q=1", "gzip ; q=0.001", "gzip;Q=0.5", "gzip;q=1.000", "gzip;q=0.9,",
    };
    (void)state;
    assert_preferred(headers, countof(headers), true);
}

static void a_star_names_what_stands_nowhere_else(void **state)
{
    static const char *const yes[] = {"*", "*;q=0.1", "br;q=1, *;q=0.5", "identity;q=0, *"};
    static const char *const no[] = {"*;q=0", "*, gzip;q=0", "gzip;q=0, *", "identity, *;q=0.5"};
    (void)state;
    assert_preferred(yes, countof(yes), true);
    assert_preferred(no, countof(no), false);
}

static void the_heavier_one_wins_and_gzip_where_they_are_equal(void **state)
{
    static const char *const yes[] = {"gzip, identity", "gzip;q=0.5, identity;q=0.499",
                                      "identity;q=0.2, gzip;q=0.2", "gzip;q=0.1, *;q=0"};
    static const char *const no[] = {"gzip;q=0.5, identity", "gzip;q=0.499, identity;q=0.5",
                                     "gzip;q=0.1, *;q=0.2"};
    (void)state;
    assert_preferred(yes, countof(yes), true);
    assert_preferred(no, countof(no), false);
}

static void who_does_not_ask_or_asks_wrongly_gets_none(void **state)
{
    static const char *const headers[] = {
        "",
        "identity",
        "br",
        "gzip;q=0",
        "gzip;q=0.000",
        "gzip;q=",
        "gzip;q",
        "gzip;",
        "gzip;q=2",
        "gzip;q=1.001",
        "gzip;q=0.1234",
        "gzip;q=-1",
        "gzip;q=.5",
        "gzip;q=0,5",
        "gzip;q=0.5x",
        "gzip;level=9",
        "gzip;q=1;q=1",
        "gzip br",
        "\"gzip\"",
        "gzipped",
        "agzip",
        "gzip=1",
        ",",
        ";",
    };
    (void)state;
    assert_preferred(headers, countof(headers), false);
}

static void what_is_short_or_huge_is_not_worth_it(void **state)
{
    (void)state;
    assert_false(http_coding_is_worth(0));
    assert_false(http_coding_is_worth(1023));
    assert_true(http_coding_is_worth(1024));
    assert_true(http_coding_is_worth(256 * 1024));
    assert_false(http_coding_is_worth(256 * 1024 + 1));
}

static void unpack(struct str packed, char *out, size_t size)
{
    enum { WINDOW_BITS = 15, AS_GZIP = 16 };
    z_stream stream = {.next_in = (z_const Bytef *)(uintptr_t)packed.ptr,
                       .avail_in = (uInt)packed.len,
                       .next_out = (Bytef *)out,
                       .avail_out = (uInt)size};
    assert_int_equal(inflateInit2(&stream, WINDOW_BITS + AS_GZIP), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.total_out, size);
    assert_int_equal(stream.avail_in, 0);
    inflateEnd(&stream);
}

/* Bytes that repeat after `period`; 0: that never do. */
static void fill(char *bytes, size_t size, size_t period)
{
    uint32_t random = 1;
    for (size_t i = 0; i < size; i++) {
        random = random * 1664525 + 1013904223;
        bytes[i] = (char)(period == 0 ? random >> 24 : i % period);
    }
}

static void what_is_packed_comes_out_again_whatever_it_was(void **state)
{
    static const size_t sizes[] = {0, 1, 1024, 65536, 262144}, periods[] = {0, 1, 7, 100};
    (void)state;
    for (size_t s = 0; s < countof(sizes); s++)
        for (size_t p = 0; p < countof(periods); p++) {
            size_t size = sizes[s];
            struct buf packed = {0};
            char *bytes = mem_new(size + 1, 1), *back = mem_new(size + 1, 1);
            fill(bytes, size, periods[p]);
            buf_append_text(&packed, "before");
            http_coding_gzip((struct str){bytes, size}, &packed);
            unpack((struct str){packed.ptr + 6, packed.len - 6}, back, size);
            assert_memory_equal(back, bytes, size);
            free(bytes);
            free(back);
            buf_free(&packed);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gzip_is_for_whoever_names_it),
        cmocka_unit_test(a_star_names_what_stands_nowhere_else),
        cmocka_unit_test(the_heavier_one_wins_and_gzip_where_they_are_equal),
        cmocka_unit_test(who_does_not_ask_or_asks_wrongly_gets_none),
        cmocka_unit_test(what_is_short_or_huge_is_not_worth_it),
        cmocka_unit_test(what_is_packed_comes_out_again_whatever_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
