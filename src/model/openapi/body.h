/* What operations take and give. */
#ifndef MODEL_OPENAPI_BODY_H
#define MODEL_OPENAPI_BODY_H

#include "model/model.h"

enum body {
    BODY_NONE,
    BODY_INPUT,
    BODY_PATCH,
    BODY_BATCH,
    BODY_RECORD,
    BODY_PAGE,
    BODY_COUNTS,
    BODY_HISTORY,
    BODY_OUTCOMES,
};

/* Where it is asked: of one collection; by an older path where there is an alias. */
struct place {
    const struct model *model;
    const struct collection *collection;
    const struct alias *alias;
};

/* The schemas of a body by media type, as requests and responses have it; the caller's. */
struct json *body_content(enum body body, const struct place *place);

#endif
