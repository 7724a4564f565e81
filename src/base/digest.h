/* SHA-256 (FIPS 180-4), over OpenSSL. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/str.h"

enum { DIGEST_SIZE = 32 };

/* Of the parts with their lengths, so that no two lists of parts have the same bytes. */
void digest_sha256(const struct str *parts, size_t count, uint8_t out[DIGEST_SIZE]);

#endif
