/* The path of a service's live events, which no collection has. */
#ifndef MODEL_OPENAPI_LIVE_PATH_H
#define MODEL_OPENAPI_LIVE_PATH_H

#include "model/model.h"

/* Adds it to an OpenAPI document's paths. */
void live_path_put(struct json *paths, const struct service *service);

#endif
