/* The paths of a gateway's switches, which no collection has. */
#ifndef MODEL_OPENAPI_SWITCH_PATH_H
#define MODEL_OPENAPI_SWITCH_PATH_H

#include "model/model.h"

/* Adds them to an OpenAPI document's paths. */
void switch_paths_put(struct json *paths, const struct model *model);

#endif
