/* The parameters by which a collection's lists and counts are asked. */
#ifndef MODEL_OPENAPI_LIST_QUERY_H
#define MODEL_OPENAPI_LIST_QUERY_H

#include "model/schema.h"

/* Push all but those that say which page. */
void list_query_push_list(struct json *parameters, const struct collection *collection);
void list_query_push_stats(struct json *parameters, const struct collection *collection);

#endif
