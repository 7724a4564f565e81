/* The contract, for whoever wants to read it: /v1/openapi.json, and /v1/schemas/<fingerprint>, the
 * event schemas: those of the process's own model at hand, those of others in the database. */
#ifndef ROLE_HTTP_DOCUMENTS_H
#define ROLE_HTTP_DOCUMENTS_H

#include "io/http/http_server.h"
#include "io/pg/pg_pool.h"
#include "model/model.h"

/* Lifetime: the process's. Made once and never changed, so every thread reads it freely. */
struct documents;

/* Renders all of them; keeps nothing of the model. */
struct documents *documents_make(const struct model *model);
void documents_free(struct documents **documents);

/* True when it has answered: with a document, or with 405 where there is one. */
bool documents_handle(struct http_request *request, const struct documents *documents) must_check;

/* Is that the path of a schema? */
bool documents_has(struct str path);

/* Answers, later, with a schema that is not of the process's own model. */
void documents_find(struct http_request *request, struct pg_pool *pool);

#endif
