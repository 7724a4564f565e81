/* May records that one version of a collection wrote be read with another version? Decided by the
 * schema resolution of the Avro specification 1.11, and more strictly where JSON shows more than
 * Avro's bytes do: a type's logicalType is a part of it, nothing is promoted (int to long), and
 * aliases are not applied. */
#ifndef MODEL_AVRO_COMPATIBILITY_H
#define MODEL_AVRO_COMPATIBILITY_H

#include "base/buf.h"
#include "base/json.h"

/* Compares two event schemas (as image_event_schema makes them, or parsed from where they were
 * kept) both ways: the newer must read what the older wrote, and the older what the newer writes.
 * True when it does. False with a line in `mistakes` for each rule that is broken, the field named
 * as the collection's file has it, dotted, with [] for an array's items:
 *
 *   <file>: field lines[].price: was added without a default: records written before it could ...
 *
 * Schemas with the same fingerprint may well differ here: it covers neither defaults nor logical
 * types. */
bool compatibility_check(const char *file, const struct json *older, const struct json *newer,
                         struct buf *mistakes) must_check;

#endif
