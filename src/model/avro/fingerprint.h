/* A schema's name for machines: the 64-bit Rabin fingerprint of its Parsing Canonical Form, both
 * as the Avro specification 1.11 defines them ("Schema Fingerprints", CRC-64-AVRO). */
#ifndef MODEL_AVRO_FINGERPRINT_H
#define MODEL_AVRO_FINGERPRINT_H

#include "base/buf.h"
#include "base/json.h"

enum { FINGERPRINT_TEXT_SIZE = 17 };

uint64_t fingerprint_bytes(struct str bytes);

/* Appends the Parsing Canonical Form of a well-formed schema. */
void fingerprint_canonical(const struct json *schema, struct buf *out);

uint64_t fingerprint_schema(const struct json *schema);

/* Sixteen hexadecimal digits and a NUL: the number's usual, big-endian writing. */
void fingerprint_format(uint64_t fingerprint, char out[FINGERPRINT_TEXT_SIZE]);

#endif
