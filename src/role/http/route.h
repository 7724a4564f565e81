/* /v1/<service>/<collection>[/<id>], read against the model. */
#ifndef ROLE_HTTP_ROUTE_H
#define ROLE_HTTP_ROUTE_H

#include "base/ident.h"
#include "base/problem.h"
#include "model/model.h"

struct route {
    const struct service *service;
    const struct collection *collection;
    bool has_id;
    struct uuid id;
};

/* Does the path begin as ours do? */
bool route_is_v1(struct str path);

/* False with `problem` set: NOT_FOUND for what the model does not have, BAD_REQUEST for a
 * malformed id. */
bool route_parse(const struct model *model, struct str path, struct route *out,
                 struct problem *problem) must_check;

/* An id of a path or an old query. False with `problem` set. */
bool route_parse_id(struct str text, struct uuid *out, struct problem *problem) must_check;

#endif
