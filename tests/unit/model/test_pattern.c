#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "model/pattern.h"

static void what_a_model_may_want_is_modest(void **state)
{
    static const char *const patterns[] = {"",
                                           "^[0-9]{8}[A-Z]$",
                                           "^(a|b+|c?d*)$",
                                           "a{2,5}(b{3})?",
                                           "[]+*{9999}]",
                                           "[^]]+",
                                           "[[:alpha:]{9999}]+",
                                           "\\+\\+\\+\\+\\+\\+\\+\\+\\+\\+\\+\\+\\+\\+",
                                           "^.{1,1000}$",
                                           ")",
                                           "a{",
                                           "\\",
                                           "(([a-z]+\\.)+[a-z]+@)?[a-z]+(\\.[a-z]+)+",
                                           "^[A-Z]{4}[0-9]{6}[HM][A-Z]{5}[0-9]{2}$"};
    (void)state;
    for (size_t i = 0; i < countof(patterns); i++)
        if (!pattern_is_modest(patterns[i]))
            fail_msg("%s is modest", patterns[i]);
}

static void what_would_take_gigabytes_is_not(void **state)
{
    static const char *const patterns[] = {
        "^-++++++++++++++++++++++++++++++++++++++++++++++++++[a-z]+$",
        "((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)+",
        "a{30000}",
        "(a{100}){100}",
        "a{0,99999999999999999999}",
        "((((((((((((((((((((((((((((((((((((((((a))))))))))))))))))))))))))))))))))))))))",
        "(a|b{50}){50}",
        "a*+",
        "a**",
        "a{2}{3}",
        "((((((((((((a*)*)*)*)*)*)*)*)*)*)*)*)*"};
    (void)state;
    for (size_t i = 0; i < countof(patterns); i++)
        if (pattern_is_modest(patterns[i]))
            fail_msg("%s is not modest", patterns[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_model_may_want_is_modest),
        cmocka_unit_test(what_would_take_gigabytes_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
