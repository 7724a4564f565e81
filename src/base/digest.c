#include "base/digest.h"

#include <openssl/evp.h>

void digest_sha256(const struct str *parts, size_t count, uint8_t out[DIGEST_SIZE])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context == NULL || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
        abort();
    for (size_t i = 0; i < count; i++) {
        uint64_t length = parts[i].len;
        EVP_DigestUpdate(context, &length, sizeof(length));
        EVP_DigestUpdate(context, parts[i].ptr, parts[i].len);
    }
    if (EVP_DigestFinal_ex(context, out, NULL) != 1)
        abort();
    EVP_MD_CTX_free(context);
}
