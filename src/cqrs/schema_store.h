/* The Avro schemas that events were written with, of every version of the model that this database
 * has seen: on the write side all of them, on a replica those that it met. */
#ifndef CQRS_SCHEMA_STORE_H
#define CQRS_SCHEMA_STORE_H

#include "io/pg/pg_pool.h"

/* STATUS_OK with the schema's JSON, lent until the callback returns; NOT_FOUND; or why the database
 * gave no answer. */
typedef void schema_store_found_fn(void *arg, enum status status, struct str schema);
void schema_store_find(struct pg_pool *pool, struct str fingerprint, schema_store_found_fn *done,
                       void *arg);

#endif
