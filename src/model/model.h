/* All services of a folder of models: models/<service>/<collection>.avsc. */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include "model/schema.h"

struct service {
    char *name;
    struct collection **collections; /* by name */
    size_t collection_count;
};

struct model {
    struct service *services; /* by name */
    size_t service_count;
};

/* Reads every schema under `folder`. NULL where anything is wrong, with a line for each mistake,
 * naming the file, in `mistakes`. */
struct model *model_load(const char *folder, struct buf *mistakes);

void model_free(struct model **model);

const struct service *model_find_service(const struct model *model, struct str name);
const struct collection *model_find(const struct model *model, struct str service,
                                    struct str collection);

#endif
