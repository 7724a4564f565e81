#include "cqrs/query/cursor.h"

/* 128 bits of the HMAC, then "<before>;" and for each key "<length>:<bytes>" or "n:". All of it in
 * the Base64 of URLs (RFC 4648, section 5), without padding. */
enum { MAC_SIZE = 16 };

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void encode(struct str bytes, struct buf *out)
{
    char *end = buf_reserve(out, bytes.len * 4 / 3 + 1);
    unsigned bits = 0, held = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        bits = bits << 8 | (uint8_t)bytes.ptr[i];
        for (held += 8; held >= 6; held -= 6)
            *end++ = digits[bits >> (held - 6) & 63];
    }
    if (held > 0)
        *end++ = digits[bits << (6 - held) & 63];
    *end = '\0';
    out->len = (size_t)(end - out->ptr);
}

/* False for another character, and for bits at the end that nobody wrote: one cursor, one text. */
static bool decode(struct str text, struct buf *out)
{
    unsigned bits = 0, held = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char *digit = memchr(digits, text.ptr[i], sizeof(digits) - 1);
        if (digit == NULL)
            return false;
        bits = bits << 6 | (unsigned)(digit - digits);
        held += 6;
        if (held >= 8) {
            held -= 8;
            buf_append_char(out, (char)(bits >> held & 255));
        }
    }
    return held < 6 && (bits & ((1U << held) - 1)) == 0;
}

static void authenticate(const struct cursor_seal *seal, struct str payload,
                         uint8_t out[DIGEST_SIZE])
{
    struct buf sealed = {0};
    buf_append(&sealed, seal->asked, DIGEST_SIZE);
    buf_append_str(&sealed, payload);
    digest_hmac((struct str){(const char *)seal->key, DIGEST_SIZE}, buf_str(&sealed), out);
    buf_free(&sealed);
}

void cursor_write(const struct cursor *cursor, const struct cursor_seal *seal, struct buf *out)
{
    struct buf payload = {0}, whole = {0};
    uint8_t mac[DIGEST_SIZE];
    buf_printf(&payload, "%lld;", (long long)cursor->before);
    for (size_t i = 0; i < cursor->count; i++) {
        if (cursor->keys[i].ptr == NULL)
            buf_append_char(&payload, 'n');
        else
            buf_printf(&payload, "%zu", cursor->keys[i].len);
        buf_append_char(&payload, ':');
        buf_append_str(&payload, cursor->keys[i]);
    }
    authenticate(seal, buf_str(&payload), mac);
    buf_append(&whole, mac, MAC_SIZE);
    buf_append_str(&whole, buf_str(&payload));
    encode(buf_str(&whole), out);
    buf_free(&payload);
    buf_free(&whole);
}

static bool read_key(struct str *rest, struct str *out)
{
    struct str length = str_cut(rest, ':');
    int64_t len;
    if (rest->ptr == NULL)
        return false;
    *out = (struct str){NULL, 0};
    if (str_equal(length, STR("n")))
        return true;
    if (!str_to_int64(length, &len) || len < 0 || (uint64_t)len > rest->len)
        return false;
    *out = (struct str){rest->ptr, (size_t)len};
    *rest = (struct str){rest->ptr + len, rest->len - (size_t)len};
    return true;
}

static bool read_payload(struct str rest, struct cursor *out)
{
    if (!str_to_int64(str_cut(&rest, ';'), &out->before) || out->before < 0 ||
        out->before > CURSOR_BEFORE_MAX)
        return false;
    for (out->count = 0; rest.len > 0; out->count++)
        if (out->count == CURSOR_KEYS_MAX || !read_key(&rest, &out->keys[out->count]))
            return false;
    return true;
}

bool cursor_read(struct str text, const struct cursor_seal *seal, struct buf *texts,
                 struct cursor *out)
{
    size_t before = texts->len;
    uint8_t mac[DIGEST_SIZE];
    *out = (struct cursor){0};
    if (!decode(text, texts) || texts->len - before < MAC_SIZE)
        return false;
    struct str claimed = {texts->ptr + before, MAC_SIZE};
    struct str payload = {claimed.ptr + MAC_SIZE, texts->len - before - MAC_SIZE};
    authenticate(seal, payload, mac);
    return str_equal_secret(claimed, (struct str){(const char *)mac, MAC_SIZE}) &&
           read_payload(payload, out);
}
