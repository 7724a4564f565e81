/* /checksums/<service>/<collection>?from=<id>&upto=<id>&most=<n>[&list=true], for `mamparo verify`:
 * the same of a write server and of a read server. */
#ifndef ROLE_HTTP_CHECKSUM_H
#define ROLE_HTTP_CHECKSUM_H

#include "cqrs/checksum_store.h"
#include "io/http/http_server.h"
#include "model/model.h"

bool checksum_has(struct str path);

/* Answers, now or later. `cluster_key` NULL: none is needed. */
void checksum_answer(struct http_request *request, const struct model *model, enum ddl_side side,
                     const char *cluster_key, struct pg_pool *pool);

#endif
