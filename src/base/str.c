#include "base/str.h"

bool str_ends_with(struct str text, struct str suffix)
{
    return suffix.len == 0 ||
           (text.len >= suffix.len &&
            str_equal((struct str){text.ptr + text.len - suffix.len, suffix.len}, suffix));
}

char str_lower(char c)
{
    if (c >= 'A' && c <= 'Z')
        c = (char)(c + ('a' - 'A'));
    return c;
}

char str_upper(char c)
{
    if (c >= 'a' && c <= 'z')
        c = (char)(c - ('a' - 'A'));
    return c;
}

struct str str_trim(struct str text)
{
    while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
        text.ptr++, text.len--;
    while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

bool str_to_int64(struct str text, int64_t *out)
{
    bool negative = text.len > 0 && text.ptr[0] == '-';
    int64_t value = 0;
    if (text.len == (size_t)negative)
        return false;
    for (size_t i = negative; i < text.len; i++) {
        int digit = text.ptr[i] - '0';
        if (digit < 0 || digit > 9)
            return false;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, digit, &value))
            return false;
    }
    /* Counted downwards, since the negative range is the longer one. */
    if (!negative && value == INT64_MIN)
        return false;
    *out = negative ? value : -value;
    return true;
}

struct str str_of_number(int64_t number, char room[STR_NUMBER_SIZE])
{
    char *end = room + STR_NUMBER_SIZE, *at = end;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        *--at = '-';
    return (struct str){at, (size_t)(end - at)};
}

/* The forms of RFC 3629: what the lead and the second byte may be, and the length. */
struct utf8_form {
    unsigned char lead_min, lead_max, second_min, second_max, length;
};

static const struct utf8_form *find_form(unsigned char lead)
{
    static const struct utf8_form forms[] = {
        {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (size_t i = 0; i < countof(forms); i++)
        if (lead >= forms[i].lead_min && lead <= forms[i].lead_max)
            return &forms[i];
    return NULL;
}

size_t str_utf8_sequence(struct str text)
{
    const unsigned char *p = (const unsigned char *)text.ptr;
    if (text.len == 0)
        return 0;
    if (p[0] < 0x80)
        return p[0] != 0;
    const struct utf8_form *form = find_form(p[0]);
    if (form == NULL || form->length > text.len || p[1] < form->second_min ||
        p[1] > form->second_max)
        return 0;
    for (size_t i = 2; i < form->length; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return form->length;
}

/* Whether the next eight bytes are ASCII, none of them NUL: most of any text is. */
static bool begins_plain(struct str text)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
    uint64_t bytes;
    if (text.len < sizeof(bytes))
        return false;
    memcpy(&bytes, text.ptr, sizeof(bytes));
    return ((bytes | (bytes - ones)) & highs) == 0;
}

bool str_is_utf8(struct str text)
{
    while (text.len > 0) {
        size_t length = begins_plain(text) ? sizeof(uint64_t) : str_utf8_sequence(text);
        if (length == 0)
            return false;
        text.ptr += length;
        text.len -= length;
    }
    return true;
}

size_t str_utf8_length(struct str text)
{
    size_t count = 0;
    while (text.len > 0) {
        bool is_plain = begins_plain(text);
        size_t step = is_plain ? sizeof(uint64_t) : 1;
        count += is_plain ? step : ((unsigned char)*text.ptr & 0xc0) != 0x80;
        text.ptr += step;
        text.len -= step;
    }
    return count;
}

bool str_equal_secret(struct str given, struct str secret)
{
    unsigned char difference = given.len != secret.len;
    for (size_t i = 0; i < given.len; i++)
        difference |=
            (unsigned char)(given.ptr[i] ^ (secret.len > 0 ? secret.ptr[i % secret.len] : 1));
    return difference == 0;
}
