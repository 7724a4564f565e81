#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>
#include <stdio.h>

#include "base/digest.h"

enum { PARTS_MAX = 3, HEX_SIZE = 2 * DIGEST_SIZE + 1 };

static void digest_hex(const struct str *parts, size_t count, char hex[HEX_SIZE])
{
    uint8_t digest[DIGEST_SIZE];
    digest_sha256(parts, count, digest);
    for (size_t i = 0; i < DIGEST_SIZE; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

/* By Python: sha256(b"".join(struct.pack("<Q", len(p)) + p for p in parts)).hexdigest() */
static void it_is_the_sha_256_of_every_part_behind_its_length(void **state)
{
    static const struct {
        struct str parts[PARTS_MAX];
        size_t count;
        const char *hex;
    } rows[] = {
        {{{NULL, 0}}, 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {{{"", 0}}, 1, "af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc"},
        {{{"abc", 3}}, 1, "ce91dc5eec0139adf091900d225971d6ad246a845bad791b5693a9d0d55dd391"},
        {{{"a\0b", 3}}, 1, "517ad782d13c0ce2844db20f13b218705358a4053981742af2fb219775bd95c2"},
        {{{"ab", 2}, {"c", 1}},
         2,
         "43ee655579de01ca739b3f95c1c2d3f46d353b2c0df818064ea594506cdb2617"},
        {{{"POST", 4}, {"/v1/shop/items", 14}, {"{\"title\":\"new\"}", 15}},
         3,
         "02b42b81c8f758e491d8f52822d9e1da68279071c578ee67ae04950aa1095417"},
    };
    char hex[HEX_SIZE];
    (void)state;
    for (size_t i = 0; i < countof(rows); i++) {
        digest_hex(rows[i].parts, rows[i].count, hex);
        assert_string_equal(hex, rows[i].hex);
    }
}

static void every_byte_counts_and_a_part_may_be_longer_than_a_block(void **state)
{
    char every_byte[256], many[1000], hex[HEX_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof(every_byte); i++)
        every_byte[i] = (char)i;
    memset(many, 'x', sizeof(many));
    digest_hex(&(struct str){every_byte, sizeof(every_byte)}, 1, hex);
    assert_string_equal(hex, "2ce450936eca0b05de84dd2f2f7c4b5a539eb231c1a0024d86b5663bb9e0633a");
    digest_hex(&(struct str){many, sizeof(many)}, 1, hex);
    assert_string_equal(hex, "9c314ddbf70836ca13f9f8375cc97d9cadea5f4a1cdbe0ce0d04dc83acd1c36a");
}

/* Most of them are the same bytes, cut elsewhere. */
static const struct {
    struct str parts[PARTS_MAX];
    size_t count;
} lists[] = {
    {{{NULL, 0}}, 0},
    {{{"", 0}}, 1},
    {{{"", 0}, {"", 0}}, 2},
    {{{"", 0}, {"", 0}, {"", 0}}, 3},
    {{{"\0\0\0\0\0\0\0\0", 8}}, 1},
    {{{"abc", 3}}, 1},
    {{{"ab", 2}, {"c", 1}}, 2},
    {{{"a", 1}, {"bc", 2}}, 2},
    {{{"abc", 3}, {"", 0}}, 2},
    {{{"", 0}, {"abc", 3}}, 2},
    {{{"a", 1}, {"b", 1}, {"c", 1}}, 3},
    {{{"ab", 2}, {"", 0}, {"c", 1}}, 3},
    {{{"c", 1}, {"ab", 2}}, 2},
    {{{"ab\1\0\0\0\0\0\0\0c", 11}}, 1}, /* the second's length, as if it were a part's bytes */
    {{{"abd", 3}}, 1},
    {{{"ABC", 3}}, 1},
};

static void no_two_lists_of_parts_have_the_same_digest(void **state)
{
    uint8_t digests[countof(lists)][DIGEST_SIZE];
    (void)state;
    for (size_t i = 0; i < countof(lists); i++) {
        digest_sha256(lists[i].parts, lists[i].count, digests[i]);
        for (size_t j = 0; j < i; j++)
            if (memcmp(digests[i], digests[j], DIGEST_SIZE) == 0)
                fail_msg("list %zu has the digest of list %zu", i, j);
    }
}

static void the_same_parts_have_the_same_digest_wherever_they_lie(void **state)
{
    char text[] = "ab, then c", hex[HEX_SIZE], again[HEX_SIZE];
    (void)state;
    digest_hex((struct str[]){STR("ab"), STR("c")}, 2, hex);
    digest_hex((struct str[]){{text, 2}, {text + 9, 1}}, 2, again);
    assert_string_equal(hex, again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_sha_256_of_every_part_behind_its_length),
        cmocka_unit_test(every_byte_counts_and_a_part_may_be_longer_than_a_block),
        cmocka_unit_test(no_two_lists_of_parts_have_the_same_digest),
        cmocka_unit_test(the_same_parts_have_the_same_digest_wherever_they_lie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
