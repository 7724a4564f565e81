#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>
#include <regex.h>

#include "model/openapi/ecma_pattern.h"

/* What the program takes as a pattern at all. */
static void assert_is_posix(const char *pattern)
{
    regex_t compiled;
    if (regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        fail_msg("%s is no POSIX expression", pattern);
    regfree(&compiled);
}

static void what_means_the_same_to_both_is_taken(void **state)
{
    static const char *const rows[] = {
        "^[0-9]{8}[A-Z]$", "^(a|b+|c?d*)$",       "^\\+?[0-9 ()-]{6,}$", "a{2,5}",
        "[^a-z_]",         "\\[\\]\\{\\}\\.\\\\", "^https?://.+",        "",
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        assert_is_posix(rows[i]);
        if (!ecma_pattern_says_same(str_from(rows[i])))
            fail_msg("%s means the same", rows[i]);
    }
}

static void what_means_something_else_to_one_of_them_is_not(void **state)
{
    static const char *const rows[] = {
        "^[[:digit:]]+$", /* a class */
        "[[=a=]]",
        "[\\d]", /* a backslash or d */
        "[]a]",
        "[^]a]",
        "a+?",
        "a**",
        "a{2}{3}",
        "a}",
        "a]",
        "a)",
        "\\<word\\>", /* GNU's own */
        "\\w",
        "(a)\\1",
        "ñ",
        "[ñ]",
    };
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        assert_is_posix(rows[i]);
        if (ecma_pattern_says_same(str_from(rows[i])))
            fail_msg("%s does not mean the same", rows[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_means_the_same_to_both_is_taken),
        cmocka_unit_test(what_means_something_else_to_one_of_them_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
