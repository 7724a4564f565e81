#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "role/presence/announcement.h"

static char clinic[] = "clinic", lab[] = "lab", shop[] = "shop";
static struct service services[] = {{.name = clinic}, {.name = lab}, {.name = shop}};
static const struct model whole = {services, 3}, later = {services + 1, 2};

static void what_one_writes_another_reads_by_its_own_model(void **state)
{
    struct buf json = {0};
    struct announcement read;
    (void)state;
    announcement_write("read", &whole, 1795248930250, &json);
    assert_string_equal(json.ptr, "{\"role\":\"read\",\"services\":[\"clinic\",\"lab\",\"shop\"],"
                                  "\"since\":\"2026-11-21T08:15:30.250Z\"}");
    assert_true(announcement_parse(buf_str(&json), &whole, &read));
    assert_string_equal(read.role, "read");
    assert_int_equal(read.services, 7);
    assert_true(announcement_parse(buf_str(&json), &later, &read));
    assert_int_equal(read.services, 3);
    buf_free(&json);
}

static void a_key_is_in_the_slot_of_the_index(void **state)
{
    struct buf key = {0};
    (void)state;
    announcement_write_key(STR("[fd00::7]:8000"), &key);
    assert_string_equal(key.ptr, "mamparo:{servers}:[fd00::7]:8000");
    buf_free(&key);
}

static void what_is_no_announcement_is_refused(void **state)
{
    static const char *const rows[] = {
        "",
        "null",
        "[]",
        "{}",
        "\"read\"",
        "{\"role\":\"read\"}",
        "{\"role\":\"bulkhead\",\"services\":[]}",
        "{\"role\":7,\"services\":[]}",
        "{\"role\":\"read\",\"services\":\"clinic\"}",
        "{\"role\":\"read\",\"services\":{}}",
        "{\"role\":\"read\",\"role\":\"write\",\"services\":[]}",
        "{\"role\":\"read\",\"services\":[]",
    };
    struct announcement read;
    struct buf large = {0};
    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        if (announcement_parse(str_from(rows[i]), &whole, &read))
            fail_msg("%s", rows[i]);
    buf_append_text(&large, "{\"role\":\"read\",\"services\":[]");
    while (large.len < ANNOUNCEMENT_SIZE_MAX)
        buf_append_char(&large, ' ');
    buf_append_char(&large, '}');
    assert_false(announcement_parse(buf_str(&large), &whole, &read));
    buf_free(&large);
}

static void of_its_services_only_names_that_are_known_count(void **state)
{
    struct announcement read;
    (void)state;
    assert_true(announcement_parse(
        STR("{\"role\":\"write\",\"services\":[\"lab\",7,null,[],\"ports\",\"lab\"],\"x\":1}"),
        &whole, &read));
    assert_string_equal(read.role, "write");
    assert_int_equal(read.services, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_one_writes_another_reads_by_its_own_model),
        cmocka_unit_test(a_key_is_in_the_slot_of_the_index),
        cmocka_unit_test(what_is_no_announcement_is_refused),
        cmocka_unit_test(of_its_services_only_names_that_are_known_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
