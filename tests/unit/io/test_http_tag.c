#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "io/http/http_tag.h"

static void assert_among(const char *const *lists, size_t count, bool is_among)
{
    for (size_t i = 0; i < count; i++)
        if (http_tag_is_among(str_from(lists[i]), STR("\"7\"")) != is_among)
            fail_msg("%s", lists[i]);
}

static void a_tag_is_found_wherever_it_stands_in_the_list(void **state)
{
    static const char *const lists[] = {
        "\"7\"", " \"7\"\t", "\"6\", \"7\"", "\"6\",\"7\"", "\"6\" , \"7\" , \"8\"", "\"\", \"7\"",
    };
    (void)state;
    assert_among(lists, countof(lists), true);
}

static void a_weak_tag_is_as_good_as_a_strong_one(void **state)
{
    static const char *const lists[] = {"W/\"7\"", "W/\"6\", W/\"7\"", "\"6\",W/\"7\""};
    (void)state;
    assert_among(lists, countof(lists), true);
}

static void a_star_is_any_tag_and_stands_alone(void **state)
{
    static const char *const any[] = {"*", " * "}, *const none[] = {"*, \"6\"", "**", "W/*"};
    (void)state;
    assert_among(any, countof(any), true);
    assert_among(none, countof(none), false);
}

static void a_comma_in_a_tag_parts_nothing(void **state)
{
    static const char *const found[] = {"\"a,b\", \"7\""}, *const lost[] = {"\"6,\"7\",8\""};
    (void)state;
    assert_among(found, countof(found), true);
    assert_among(lost, countof(lost), false);
}

static void what_is_malformed_names_nothing(void **state)
{
    static const char *const lists[] = {
        "",       "7",        "\"7",      "7\"",    "\"",          ",",         ", \"7\"",
        "'7'",    "w/\"7\"",  "W/ \"7\"", "W/7",    "\"6\" \"7\"", "W/",        "\"6\"\"7\"",
        "\"77\"", "x, \"7\"", "\"7\"x",   "\"07\"", "\"6\";\"7\"", "W/W/\"7\"",
    };
    (void)state;
    assert_among(lists, countof(lists), false);
    assert_false(http_tag_is_among((struct str){NULL, 0}, STR("\"7\"")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tag_is_found_wherever_it_stands_in_the_list),
        cmocka_unit_test(a_weak_tag_is_as_good_as_a_strong_one),
        cmocka_unit_test(a_star_is_any_tag_and_stands_alone),
        cmocka_unit_test(a_comma_in_a_tag_parts_nothing),
        cmocka_unit_test(what_is_malformed_names_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
