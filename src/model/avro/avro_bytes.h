/* JSON trees written as Avro's binary encoding (specification 1.11), in one pass: the way back of
 * avro_text. */
#ifndef MODEL_AVRO_AVRO_BYTES_H
#define MODEL_AVRO_AVRO_BYTES_H

#include "model/avro/avro_type.h"

/* Appends the value. False where it does not fit the type; `out` may then hold a part of it. */
bool avro_bytes_put(const struct avro_type *type, const struct json *value,
                    struct buf *out) must_check;

#endif
