#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>
#include <stdio.h>

#include "cqrs/write/key_claims.h"

static void a_key_is_one_commands_until_it_is_let_go(void **state)
{
    static struct key_claims claims;
    struct key_claim one, other;
    (void)state;
    key_claims_init(&claims);
    key_claim_init(&one);
    key_claim_init(&other);
    assert_true(key_claims_take(&claims, &one, STR("k")));
    assert_false(key_claims_take(&claims, &other, STR("k")));
    key_claim_drop(&other); /* it claims nothing: nothing happens */
    assert_false(key_claims_take(&claims, &other, STR("k")));
    key_claim_drop(&one);
    assert_true(key_claims_take(&claims, &other, STR("k")));
}

static void keys_that_fall_together_are_still_told_apart(void **state)
{
    enum { COUNT = 4 * KEY_CLAIMS_BUCKETS };
    static struct key_claims claims;
    static struct key_claim taken[COUNT];
    static char keys[COUNT][16];
    struct key_claim again;
    (void)state;
    key_claims_init(&claims);
    key_claim_init(&again);
    for (size_t i = 0; i < COUNT; i++) {
        snprintf(keys[i], sizeof(keys[i]), "key-%zu", i);
        key_claim_init(&taken[i]);
        assert_true(key_claims_take(&claims, &taken[i], str_from(keys[i])));
    }
    for (size_t i = 0; i < COUNT; i++)
        assert_false(key_claims_take(&claims, &again, str_from(keys[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_one_commands_until_it_is_let_go),
        cmocka_unit_test(keys_that_fall_together_are_still_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
