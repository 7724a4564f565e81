/* All services of a folder of models: models/<service>/<collection>.avsc, and service.json beside
 * them for what concerns the service as a whole. */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include "model/alias.h"
#include "model/schema.h"

struct service {
    char *name;
    struct collection **collections; /* by name; NULL behind the last */
    size_t collection_count;
    struct aliases aliases;
};

struct model {
    struct service *services; /* by name */
    size_t service_count;
};

/* Reads every schema under `folder`. NULL where anything is wrong, with a line for each mistake,
 * naming the file, in `mistakes`. */
struct model *model_load(const char *folder, struct buf *mistakes);

void model_free(struct model **model);

/* Gives every collection the key for its pseudonyms. False with a line in `mistakes` where it is
 * NULL and one of them needs it. The key lives as long as the model. */
bool model_set_pseudonym_key(struct model *model, const char *key, struct buf *mistakes) must_check;

/* Says how its lists are asked: the language of `q=`, which lives as long as the model, and the
 * secret that the keys of cursors are derived from. Without one (NULL) they are the same wherever
 * the model is, and no secret. */
void model_set_queries(struct model *model, const char *language, const char *secret);

const struct service *model_find_service(const struct model *model, struct str name);
const struct collection *model_find(const struct model *model, struct str service,
                                    struct str collection);

/* The older path of that method, and what stands in it for the id; NULL where there is none. An
 * empty method is any. */
const struct alias *model_find_alias(const struct model *model, struct str method, struct str path,
                                     struct str *id_out);

#endif
