/* The tables of both sides, from the model: never written by hand.
 *
 *   "medical"."entries"(id, version, deleted, created_at, body, <a generated column a field that
 *                       is looked up>)
 *
 * `body` is the record's JSON exactly as served. The columns beside it are generated from it by
 * PostgreSQL, so they can never differ from it, and a column added later fills itself. */
#ifndef MODEL_DDL_H
#define MODEL_DDL_H

#include "model/model.h"

enum ddl_side { DDL_SIDE_WRITE, DDL_SIDE_READ };

/* Appends a script that makes everything the side needs, or adds what a newer model needs: tables
 * in one transaction, then the defaults of fields in another, both under an advisory lock. Running
 * it twice, or from two processes, changes nothing more. It fails rather than wait long for a
 * table. */
void ddl_write(const struct model *model, enum ddl_side side, struct buf *out);

/* Appends statements that give the records of a service the defaults of fields which
 * mamparo.fields does not have. */
void ddl_write_defaults(const struct service *service, struct buf *out);

/* The SQL type that the generated column of a field has: "text", "boolean", "bigint" or "double
 * precision". Dates and instants are text: in one writing, ISO 8601 sorts as time does. */
const char *ddl_column_type(const struct field *field);

#endif
