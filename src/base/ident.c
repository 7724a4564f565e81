#include "base/ident.h"

#include <sys/random.h>

#include "base/clock.h"

static void fill_random(void *out, size_t len)
{
    ssize_t got;
    do
        got = getrandom(out, len, 0);
    while (got != (ssize_t)len);
}

uint64_t ident_random(void)
{
    uint64_t bits;
    fill_random(&bits, sizeof(bits));
    return bits;
}

uint64_t ident_draw(struct ident_well *well)
{
    if (well->left == 0) {
        fill_random(well->words, sizeof(well->words));
        well->left = countof(well->words);
    }
    return well->words[--well->left];
}

struct uuid uuid_from(int64_t wall_ms, uint64_t high, uint64_t low)
{
    struct uuid uuid;
    for (int i = 0; i < 6; i++)
        uuid.bytes[i] = (uint8_t)(wall_ms >> (40 - 8 * i));
    uuid.bytes[6] = (uint8_t)(0x70 | ((high >> 8) & 0x0f));
    uuid.bytes[7] = (uint8_t)high;
    for (int i = 0; i < 8; i++)
        uuid.bytes[8 + i] = (uint8_t)(low >> (56 - 8 * i));
    uuid.bytes[8] = (uint8_t)(0x80 | (uuid.bytes[8] & 0x3f));
    return uuid;
}

static struct uuid uuid_of_now(uint64_t random)
{
    int64_t now = clock_wall_ns();
    /* The fraction of the millisecond in 1/4096: RFC 9562, section 6.2, method 3. */
    uint64_t fraction = (uint64_t)(now % 1000000) * 4096 / 1000000;
    return uuid_from(now / 1000000, fraction, random);
}

struct uuid uuid_new(void)
{
    return uuid_of_now(ident_random());
}

struct uuid uuid_draw(struct ident_well *well)
{
    return uuid_of_now(ident_draw(well));
}

/* Where in its text a byte stands. */
static const uint8_t places[] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};

bool uuid_parse(struct str text, struct uuid *out)
{
    const char *at = text.ptr;
    if (text.len != UUID_TEXT_SIZE - 1 || at[8] != '-' || at[13] != '-' || at[18] != '-' ||
        at[23] != '-')
        return false;
    for (size_t i = 0; i < sizeof(out->bytes); i++) {
        int high = str_hex_digit(at[places[i]]), low = str_hex_digit(at[places[i] + 1]);
        if (high < 0 || low < 0)
            return false;
        out->bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

void uuid_format(const struct uuid *uuid, char out[UUID_TEXT_SIZE])
{
    static const char hex[] = "0123456789abcdef";
    memcpy(out, "00000000-0000-0000-0000-000000000000", UUID_TEXT_SIZE);
    for (size_t i = 0; i < sizeof(uuid->bytes); i++) {
        out[places[i]] = hex[uuid->bytes[i] >> 4];
        out[places[i] + 1] = hex[uuid->bytes[i] & 0x0f];
    }
}

/* A product of 128 bits, folded: each bit moves many of both halves. */
static uint64_t fold(uint64_t bits, uint64_t odd)
{
    unsigned __int128 product = (unsigned __int128)bits * odd;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t uuid_hash(const struct uuid *uuid, uint64_t seed)
{
    uint64_t halves[2];
    memcpy(halves, uuid->bytes, sizeof(halves));
    uint64_t hash = fold(halves[0] ^ seed, 0x9e3779b97f4a7c15);
    return fold(fold(hash ^ halves[1], 0xd6e8feb86659fd93), 0x9e3779b97f4a7c15);
}
