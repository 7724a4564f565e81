/* /v1/<service>/<collection>[/<id>] and what belongs to them, and the older paths that the model
 * declares for them, read against the model. */
#ifndef ROLE_HTTP_ROUTE_H
#define ROLE_HTTP_ROUTE_H

#include "base/ident.h"
#include "base/problem.h"
#include "model/model.h"

enum route_part {
    ROUTE_COLLECTION,
    ROUTE_BATCH,   /* <collection>/batch */
    ROUTE_RECORD,  /* <collection>/<id> */
    ROUTE_HISTORY, /* <collection>/<id>/history */
    ROUTE_EVENTS,  /* of the service: there is no collection */
    ROUTE_STATS,   /* <collection>/stats */
    ROUTE_PART_COUNT,
};

struct route {
    const struct service *service;
    const struct collection *collection; /* NULL with ROUTE_EVENTS */
    enum route_part part;
    struct uuid id;            /* of a record or its history */
    const struct alias *alias; /* the older path that it came by; NULL: by its own */
    char methods[48];          /* that an older path takes: "GET, HEAD, POST" */
};

/* Does the path begin as ours do, or is it an older one? */
bool route_is_known(const struct model *model, struct str path);

/* False with `problem` set: NOT_FOUND for what the model does not have, BAD_REQUEST for a
 * malformed id. */
bool route_parse(const struct model *model, struct str method, struct str path, struct route *out,
                 struct problem *problem) must_check;

/* An id of a path or an old query. False with `problem` set. */
bool route_parse_id(struct str text, struct uuid *out, struct problem *problem) must_check;

#endif
