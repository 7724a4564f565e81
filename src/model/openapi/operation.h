/* What can be asked of a collection, by its own paths and by older ones. */
#ifndef MODEL_OPENAPI_OPERATION_H
#define MODEL_OPENAPI_OPERATION_H

#include "model/model.h"

/* The "paths" of a whole model; the caller's. */
struct json *operation_make_paths(const struct model *model);

#endif
