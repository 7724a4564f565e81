#include "role/gateway/caller/trace_context.h"

#include <endian.h>

enum { TRACE_AT = 3, PARENT_AT = 36, PARENT_DIGITS = 16, FLAGS_AT = 53 };

/* So many digits, small ones, and not all of them 0. */
static bool is_hex(const char *text, size_t len, bool may_be_zero)
{
    bool is_zero = true;
    for (size_t i = 0; i < len; i++) {
        if (str_hex_digit(text[i]) < 0 || (text[i] >= 'A' && text[i] <= 'F'))
            return false;
        is_zero = is_zero && text[i] == '0';
    }
    return may_be_zero || !is_zero;
}

/* A version to come may have more behind, after a dash; 00 must not. */
static bool is_parent(struct str text)
{
    const char *p = text.ptr;
    if (text.len < TRACE_PARENT_LENGTH || p[2] != '-' || p[PARENT_AT - 1] != '-' ||
        p[FLAGS_AT - 1] != '-' || !is_hex(p, 2, true) || memcmp(p, "ff", 2) == 0)
        return false;
    bool has_more = text.len > TRACE_PARENT_LENGTH;
    if (has_more && (memcmp(p, "00", 2) == 0 || p[TRACE_PARENT_LENGTH] != '-'))
        return false;
    return is_hex(p + TRACE_AT, TRACE_ID_LENGTH, false) &&
           is_hex(p + PARENT_AT, PARENT_DIGITS, false) && is_hex(p + FLAGS_AT, 2, true);
}

/* All at once: a byte for each digit, and from '9' to 'a' are 39 more than one. */
static void write_eight(uint32_t bits, char out[PARENT_DIGITS / 2])
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t digits = bits;
    digits = (digits << 16 | digits) & UINT64_C(0x0000ffff0000ffff);
    digits = (digits << 8 | digits) & UINT64_C(0x00ff00ff00ff00ff);
    digits = (digits << 4 | digits) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    uint64_t letters = (digits + 6 * ones) >> 4 & ones;
    uint64_t text = htobe64(digits + '0' * ones + ('a' - '9' - 1) * letters);
    memcpy(out, &text, sizeof(text));
}

static void write_hex(uint64_t bits, char out[PARENT_DIGITS])
{
    write_eight((uint32_t)(bits >> 32), out);
    write_eight((uint32_t)bits, out + PARENT_DIGITS / 2);
}

void trace_context_write_id(const uint64_t bits[2], char out[TRACE_ID_LENGTH])
{
    write_hex(bits[0], out);
    write_hex(bits[0] == 0 && bits[1] == 0 ? 1 : bits[1], out + PARENT_DIGITS);
}

bool trace_context_continue(struct str received, const uint64_t trace[2], uint64_t parent,
                            struct buf *out)
{
    char made[TRACE_PARENT_LENGTH] = "00-";
    bool is_continued = is_parent(received);
    /* Of the flags we know one: sampled. A trace that begins here is nobody's yet. */
    bool is_sampled = is_continued && (str_hex_digit(received.ptr[FLAGS_AT + 1]) & 1) != 0;
    if (is_continued)
        memcpy(made + TRACE_AT, received.ptr + TRACE_AT, TRACE_ID_LENGTH);
    else
        trace_context_write_id(trace, made + TRACE_AT);
    made[PARENT_AT - 1] = '-';
    write_hex(parent == 0 ? 1 : parent, made + PARENT_AT);
    made[FLAGS_AT - 1] = '-';
    made[FLAGS_AT] = '0';
    made[FLAGS_AT + 1] = is_sampled ? '1' : '0';
    buf_append(out, made, sizeof(made));
    return is_continued;
}

static bool is_key(struct str key)
{
    for (size_t i = 0; i < key.len; i++) {
        bool is_plain =
            (key.ptr[i] >= 'a' && key.ptr[i] <= 'z') || (key.ptr[i] >= '0' && key.ptr[i] <= '9');
        if (!is_plain && (i == 0 || key.ptr[i] == '\0' || strchr("_-*/@", key.ptr[i]) == NULL))
            return false;
    }
    return key.len >= 1 && key.len <= 256;
}

static bool is_value(struct str value)
{
    for (size_t i = 0; i < value.len; i++)
        if (value.ptr[i] < ' ' || value.ptr[i] > '~' || value.ptr[i] == '=')
            return false;
    return value.len >= 1 && value.len <= 256;
}

bool trace_context_is_state(struct str state)
{
    enum { MEMBERS_MAX = 32 };
    unsigned count = 0;
    if (state.len > TRACE_STATE_MAX)
        return false;
    while (state.len > 0) {
        struct str value = str_trim(str_cut(&state, ','));
        if (value.len == 0)
            continue; /* allowed, and not counted */
        struct str key = str_cut(&value, '=');
        if (++count > MEMBERS_MAX || !is_key(key) || !is_value(value))
            return false;
    }
    return count > 0;
}
