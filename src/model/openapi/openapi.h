/* The contract as OpenAPI 3.1.0, from the model alone: nothing of it is written by hand. */
#ifndef MODEL_OPENAPI_OPENAPI_H
#define MODEL_OPENAPI_OPENAPI_H

#include "model/model.h"

/* Appends the document, compact JSON. The same model and version give the same bytes. */
void openapi_write(const struct model *model, const char *version, struct buf *out);

#endif
