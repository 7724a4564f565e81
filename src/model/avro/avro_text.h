/* Avro's binary encoding (specification 1.11) read straight into JSON text, the same that
 * json_write makes of the value's tree. */
#ifndef MODEL_AVRO_AVRO_TEXT_H
#define MODEL_AVRO_AVRO_TEXT_H

#include "model/avro/avro_type.h"

/* Takes one value off the front of `rest` and appends it. False for bytes that are no value of this
 * type or one that JSON cannot have: any bytes may be passed. `out` may then hold a part of it. */
bool avro_text_take(const struct avro_type *type, struct str *rest, struct buf *out) must_check;

#endif
