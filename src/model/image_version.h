/* Images as another version of the model has them, by its event schema: for changing a record that
 * was written by it, without losing what only it knows. */
#ifndef MODEL_IMAGE_VERSION_H
#define MODEL_IMAGE_VERSION_H

#include "base/json.h"

/* The Avro record that images are, out of an event schema whose names are expanded; NULL where it
 * has none. */
const struct json *image_version_record(const struct json *event_schema);

/* Are all members of the value, at any depth, fields of the type, and all symbols its own? */
bool image_version_knows(const struct json *type, const struct json *value);

/* An image as it is stored, and as this program's version sees it. */
struct image_both {
    const struct json *stored, *seen; /* either may be NULL */
};

/* `made`, an image of this version, as the other one has it: just its fields. What is not in
 * `made`, or is there as it was seen before, is as it was stored; else the default. A new tree;
 * NULL where a field without a default is nowhere. */
struct json *image_version_carry(const struct json *type, const struct json *made,
                                 struct image_both before);

#endif
