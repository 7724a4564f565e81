#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>

#include "guard/keyed_hash.h"

/* With the key and the texts of the paper's appendix A and of its reference vectors. */
static const uint64_t key[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
static const char bytes[] = "\0\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f";

static void it_is_siphash_as_published(void **state)
{
    (void)state;
    assert_int_equal(keyed_hash(key, (struct str){bytes, 15}), 0xa129ca6149be45e5);
    assert_int_equal(keyed_hash(key, (struct str){NULL, 0}), 0x726fdb47dd0e0e31);
    assert_int_equal(keyed_hash(key, (struct str){bytes, 1}), 0x74f839c593dc67fd);
    assert_int_equal(keyed_hash(key, (struct str){bytes, 8}), 0x93f5f5799a932462);
}

static void every_bit_of_the_key_matters(void **state)
{
    uint64_t plain = keyed_hash(key, STR("who"));
    (void)state;
    for (unsigned bit = 0; bit < 128; bit++) {
        uint64_t other[2] = {key[0], key[1]};
        other[bit / 64] ^= UINT64_C(1) << (bit % 64);
        assert_int_not_equal(keyed_hash(other, STR("who")), plain);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_siphash_as_published),
        cmocka_unit_test(every_bit_of_the_key_matters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
