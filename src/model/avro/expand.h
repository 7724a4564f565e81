/* Avro lets a schema define a type once and name it afterwards. A tree without such names can be
 * walked without carrying a table of them. */
#ifndef MODEL_AVRO_EXPAND_H
#define MODEL_AVRO_EXPAND_H

#include "base/json.h"

/* A new tree, the caller's, in which every name of a type that was defined before it stands
 * replaced by the definition. A name that is unknown, or that a type uses within itself, stays. */
struct json *expand_names(const struct json *schema);

#endif
