/* libavro trusts what it reads: it allocates any length before it looks for the bytes, and loses
 * the memory when they are not there. So bytes are walked once before it sees them. */
#ifndef MODEL_AVRO_AVRO_CHECK_H
#define MODEL_AVRO_AVRO_CHECK_H

#include "base/json.h"

/* Do `bytes` hold exactly one value of `schema`, whose names are expanded, with every number that
 * has a writing of its own in JSON (a day, an instant) within the years 0000 to 9999? */
bool avro_check(const struct json *schema, struct str bytes);

#endif
