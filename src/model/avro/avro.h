/* Avro's single-object encoding (specification 1.11: C3 01, the schema's fingerprint in eight
 * bytes, little-endian, then the value in binary): from JSON trees, and to JSON text. libavro says
 * which schemas there are.
 *
 * In JSON a date is "2026-11-21", a timestamp RFC 3339, an enum its symbol, a union its value. A
 * codec is made once and then only read, by any thread. */
#ifndef MODEL_AVRO_AVRO_H
#define MODEL_AVRO_AVRO_H

#include "base/buf.h"
#include "base/json.h"

struct avro_codec;

/* NULL where libavro does not take the schema, which is shared and must not change. */
struct avro_codec *avro_codec_new(const struct json *schema);
void avro_codec_free(struct avro_codec **codec);

uint64_t avro_codec_fingerprint(const struct avro_codec *codec);

/* Appends `value`, which must fit the schema: false, and nothing appended, where it does not. */
bool avro_encode(const struct avro_codec *codec, const struct json *value,
                 struct buf *out) must_check;

/* The same of a record member by member: `values` are its fields', and `names` theirs, NULL behind
 * the last. */
bool avro_encode_members(const struct avro_codec *codec, const char *const *names,
                         const struct json *const *values, struct buf *out) must_check;

/* Appends the value as JSON text, as json_write would. False, and nothing appended, for bytes that
 * are not one whole value of this very schema: any bytes may be passed. */
bool avro_decode(const struct avro_codec *codec, struct str bytes, struct buf *out) must_check;

/* The same of a record member by member: `names` are its fields', NULL behind the last, and the
 * value of the i-th ends at `ends[i]` of `out`. False also where its fields are others. */
bool avro_decode_members(const struct avro_codec *codec, struct str bytes, const char *const *names,
                         struct buf *out, size_t *ends) must_check;

/* The fingerprint in a single-object header; false where there is no such header. */
bool avro_read_fingerprint(struct str bytes, uint64_t *out) must_check;

#endif
