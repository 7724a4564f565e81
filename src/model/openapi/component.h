/* What operations refer to: schemas, parameters, headers and the refusals. */
#ifndef MODEL_OPENAPI_COMPONENT_H
#define MODEL_OPENAPI_COMPONENT_H

#include "model/model.h"

/* The "components" of the document; the caller's. */
struct json *component_make_all(const struct model *model);

/* {"$ref": "#/components/<section>/<name>"}: a response is called by its code, "default" being any
 * other refusal. */
struct json *component_refer(const char *section, struct str name);

#endif
