#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "base/buf.h"
#include "role/server_list.h"

/* The entries of a list, each as "service|place|numeric"; "none" where one is none. */
static void read_list(const char *list, struct buf *out)
{
    struct str rest = str_from(list);
    struct server_entry entry;
    buf_append_text(out, "");
    while (rest.ptr != NULL) {
        if (out->len > 0)
            buf_append_char(out, ' ');
        if (!server_list_next(&rest, &entry))
            buf_append_text(out, "none");
        else
            buf_printf(out, STR_FMT "|" STR_FMT "|%d", STR_ARG(entry.service), STR_ARG(entry.place),
                       server_list_is_numeric(entry.place));
    }
}

static void a_list_is_read_entry_by_entry(void **state)
{
    static const struct {
        const char *list, *entries;
    } rows[] = {
        {"10.0.0.7:8000", "|10.0.0.7:8000|1"},
        {" a:1 ,\tb:65535 ", "|a:1|0 |b:65535|0"},
        {"orders=db-3:8000,[fd00::7]:80", "orders|db-3:8000|0 |[fd00::7]:80|1"},
        {"orders=[::1]:80", "orders|[::1]:80|1"},
        {"256.0.0.1:80", "|256.0.0.1:80|0"},
        {"10.0.0.7", "none"},
        {"10.0.0.7:", "none"},
        {":80", "none"},
        {"a:0,b:65536,c:-1,d:8x", "none none none none"},
        {",", "none none"},
        {"", "none"},
        {"=a:1", "none"},
        {"orders=", "none"},
        {"orders=:80", "none"},
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        struct buf entries = {0};
        read_list(rows[i].list, &entries);
        assert_string_equal(entries.ptr, rows[i].entries);
        buf_free(&entries);
    }
}

static void a_place_of_ipv6_has_brackets(void **state)
{
    char place[SERVER_PLACE_SIZE];
    (void)state;
    assert_true(server_list_write_place("10.0.0.7", 8000, place));
    assert_string_equal(place, "10.0.0.7:8000");
    assert_true(server_list_write_place("fd00::7", 8000, place));
    assert_string_equal(place, "[fd00::7]:8000");
    assert_false(server_list_write_place(
        "a-host-name-of-more-than-sixty-characters-is-not-an-address-at-all", 8000, place));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_is_read_entry_by_entry),
        cmocka_unit_test(a_place_of_ipv6_has_brackets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
