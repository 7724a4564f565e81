#include "base/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

static void update(EVP_MD_CTX *context, const void *bytes, size_t len)
{
    if (EVP_DigestUpdate(context, bytes, len) != 1)
        abort();
}

void digest_sha256(const struct str *parts, size_t count, uint8_t out[DIGEST_SIZE])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context == NULL || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
        abort();
    for (size_t i = 0; i < count; i++) {
        uint8_t length[8]; /* least byte first, whatever the machine's own order */
        for (size_t byte = 0; byte < sizeof(length); byte++)
            length[byte] = (uint8_t)(parts[i].len >> (8 * byte));
        update(context, length, sizeof(length));
        update(context, parts[i].ptr, parts[i].len);
    }
    if (EVP_DigestFinal_ex(context, out, NULL) != 1)
        abort();
    EVP_MD_CTX_free(context);
}

void digest_hmac(struct str key, struct str text, uint8_t out[DIGEST_SIZE])
{
    const unsigned char *bytes = (const unsigned char *)(text.len == 0 ? "" : text.ptr);
    if (HMAC(EVP_sha256(), key.len == 0 ? "" : key.ptr, (int)key.len, bytes, text.len, out, NULL) ==
        NULL)
        abort();
}

void digest_format(const uint8_t digest[DIGEST_SIZE], char out[DIGEST_TEXT_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < DIGEST_SIZE; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    out[DIGEST_TEXT_SIZE - 1] = '\0';
}
