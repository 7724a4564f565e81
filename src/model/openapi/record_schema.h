/* A collection's records in JSON Schema (2020-12), out of its Avro schema and its rules. */
#ifndef MODEL_OPENAPI_RECORD_SCHEMA_H
#define MODEL_OPENAPI_RECORD_SCHEMA_H

#include "model/model.h"

/* The same record looks different on each way. */
enum record_use {
    RECORD_USE_SERVED, /* what is answered: types alone, since rules may be younger than a record */
    RECORD_USE_INPUT,  /* what POST and PUT take */
    RECORD_USE_PATCH,  /* what PATCH takes */
    RECORD_USE_CHANGE, /* a patch as part of a batch: it names its record */
    RECORD_USE_COUNT,
};

/* Appends the name of its component: "medical.Entry", "medical.Entry.input". Where two collections
 * of a service have records of one name, the collection's is behind it: "medical.Entry-entries". */
void record_schema_write_name(const struct model *model, const struct collection *collection,
                              enum record_use use, struct buf *out);

/* A new tree, the caller's, with the field names of an older path; `alias` may be NULL. */
struct json *record_schema_make(const struct collection *collection, enum record_use use,
                                const struct alias *alias);

/* What a list can be filtered by: the field as it is kept. */
struct json *record_schema_make_filter(const struct field *field);

#endif
