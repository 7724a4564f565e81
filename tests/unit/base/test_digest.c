#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it; this line keeps clang-format from sorting it upwards. */
#include <cmocka.h>
#include <stdio.h>

#include "base/digest.h"

enum { PARTS_MAX = 3, HEX_SIZE = 2 * DIGEST_SIZE + 1 };

/* STR for a table that is static. */
#define STR_OF(literal)                                                                            \
    {                                                                                              \
        "" literal, sizeof(literal) - 1                                                            \
    }

#define AA_20  "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
#define AA_131 AA_20 AA_20 AA_20 AA_20 AA_20 AA_20 "\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
#define DD_10  "\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd"
#define DD_50  DD_10 DD_10 DD_10 DD_10 DD_10
#define CD_10  "\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd"
#define CD_50  CD_10 CD_10 CD_10 CD_10 CD_10

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

/* RFC 4231, section 4, cases 1 to 7. */
static const struct {
    struct str key, text;
    size_t compared; /* bytes: case 5 gives the first sixteen alone */
    const char *hex;
} vectors[] = {
    {STR_OF("\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v"), STR_OF("Hi There"), 32,
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {STR_OF("Jefe"), STR_OF("what do ya want for nothing?"), 32,
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {STR_OF(AA_20), STR_OF(DD_50), 32,
     "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
    {STR_OF("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15"
            "\x16\x17\x18\x19"),
     STR_OF(CD_50), 32, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
    {STR_OF("\f\f\f\f\f\f\f\f\f\f\f\f\f\f\f\f\f\f\f\f"), STR_OF("Test With Truncation"), 16,
     "a3b6167473100ee06e0c796c2955552b"},
    {STR_OF(AA_131), STR_OF("Test Using Larger Than Block-Size Key - Hash Key First"), 32,
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    {STR_OF(AA_131),
     STR_OF("This is a test using a larger than block-size key and a larger than block-size data. "
            "The key needs to be hashed before being used by the HMAC algorithm."),
     32, "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
    /* And what the RFC leaves out, by Python's hmac. */
    {{NULL, 0}, {NULL, 0}, 32, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
    {{NULL, 0},
     STR_OF("abc"),
     32,
     "fd7adb152c05ef80dccf50a1fa4c05d5a3ec6da95575fc312ae7c5d091836351"},
    {STR_OF("k"),
     {NULL, 0},
     32,
     "8bb990c40a7d61cb97597a942125025be50ac8beb74436e3735b98893a7f6620"},
    {STR_OF("k"), STR_OF("a\0b"), 32,
     "982872ff8422d2d84de2d26d7900850ff9f3b3275079b02813b572f9ff0ef0b2"},
    {STR_OF("\0k"), STR_OF("ab"), 32,
     "15bdc6ebce6b70b946c01d65eca4a7df94a6b13f052c3b962d1330cb41cbabf2"},
};

static void a_keyed_digest_is_the_hmac_of_rfc_4231(void **state)
{
    uint8_t digest[DIGEST_SIZE];
    char hex[DIGEST_TEXT_SIZE];
    (void)state;
    for (size_t i = 0; i < countof(vectors); i++) {
        digest_hmac(vectors[i].key, vectors[i].text, digest);
        digest_format(digest, hex);
        hex[2 * vectors[i].compared] = '\0';
        assert_string_equal(hex, vectors[i].hex);
    }
}

/* As a command's digest is put under the key in its place. */
static void a_keyed_digest_may_lie_where_its_text_lay(void **state)
{
    uint8_t apart[DIGEST_SIZE], place[DIGEST_SIZE];
    (void)state;
    memset(place, 7, sizeof(place));
    digest_hmac(STR("key"), (struct str){(const char *)place, sizeof(place)}, apart);
    digest_hmac(STR("key"), (struct str){(const char *)place, sizeof(place)}, place);
    assert_memory_equal(place, apart, sizeof(apart));
}

static void a_digest_is_written_in_small_hexadecimal_digits(void **state)
{
    uint8_t digest[DIGEST_SIZE];
    char text[DIGEST_TEXT_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof(digest); i++)
        digest[i] = (uint8_t)(i * 0x11);
    memset(text, 'x', sizeof(text));
    digest_format(digest, text);
    assert_string_equal(text, "00112233445566778899aabbccddeeff"
                              "102132435465768798a9bacbdcedfe0f");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_sha_256_of_every_part_behind_its_length),
        cmocka_unit_test(every_byte_counts_and_a_part_may_be_longer_than_a_block),
        cmocka_unit_test(no_two_lists_of_parts_have_the_same_digest),
        cmocka_unit_test(the_same_parts_have_the_same_digest_wherever_they_lie),
        cmocka_unit_test(a_keyed_digest_is_the_hmac_of_rfc_4231),
        cmocka_unit_test(a_keyed_digest_may_lie_where_its_text_lay),
        cmocka_unit_test(a_digest_is_written_in_small_hexadecimal_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
