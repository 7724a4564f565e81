/* Paths of the system before, as a service's service.json declares them, so that its clients go on
 * unchanged without a line of code for them:
 *
 *   {"aliases": [{"method": "POST", "path": "/api/customers/{id}/", "collection": "customers",
 *                 "status": 202, "names": {"nombre": "name"}}]} */
#ifndef MODEL_ALIAS_H
#define MODEL_ALIAS_H

#include "model/schema.h"

/* What a field is called in bodies and answers of that path. */
struct alias_name {
    const char *older, *field;
};

struct alias {
    const char *method; /* POST creates; GET, PUT, PATCH and DELETE with {id} reach one record */
    const char *path;   /* may hold {id}, as a whole segment */
    const struct collection *collection;
    int64_t status; /* of a success; 0: the usual one */
    struct alias_name *names;
    size_t name_count;
};

struct aliases {
    struct json *json; /* the file's tree, from which the texts are borrowed */
    struct alias *items;
    size_t count;
};

/* Reads the text of a service.json. Every mistake is a line in `mistakes`, beginning with `file`;
 * what was read so far is there either way, and freed by aliases_free. `collections` are those of
 * the service. */
void aliases_load(struct aliases *aliases, const char *file, struct str text,
                  struct collection *const *collections, struct buf *mistakes);
void aliases_free(struct aliases *aliases);

/* Does the path fit, with or without a slash at its end? `*id_out` is what stands for {id}, or
 * empty. */
bool alias_fits(const struct alias *alias, struct str path, struct str *id_out) must_check;

/* Does the path stand for one record? */
bool alias_has_id(const struct alias *alias);

#endif
