/* SHA-256 (FIPS 180-4) and HMAC with it (RFC 2104), over OpenSSL. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/str.h"

enum { DIGEST_SIZE = 32 };

/* Of the parts with their lengths, so that no two lists of parts have the same bytes. */
void digest_sha256(const struct str *parts, size_t count, uint8_t out[DIGEST_SIZE]);

/* HMAC-SHA-256 of `text`. */
void digest_hmac(struct str key, struct str text, uint8_t out[DIGEST_SIZE]);

/* As lower-case hexadecimal digits with a NUL. */
enum { DIGEST_TEXT_SIZE = 2 * DIGEST_SIZE + 1 };
void digest_format(const uint8_t digest[DIGEST_SIZE], char out[DIGEST_TEXT_SIZE]);

#endif
