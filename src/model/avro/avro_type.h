/* A schema made ready for reading and writing values of it: what stands in JSON between two values
 * is spelled out once, and the schema itself is not asked again. */
#ifndef MODEL_AVRO_AVRO_TYPE_H
#define MODEL_AVRO_AVRO_TYPE_H

#include "model/schema.h"

struct avro_type {
    enum field_type type;
    bool is_union, is_null; /* then `type` says nothing */
    struct avro_type
        *parts; /* a record's fields, an array's one kind of item, a union's branches */
    size_t part_count;
    const char **names; /* of a record's fields; an enum's symbols; the schema's own texts */
    struct buf *texts;  /* the same as JSON has them: "name": or "symbol" */
    size_t text_count;
};

/* Of a schema whose names are expanded, and which must stay as long. NULL for a type that we do not
 * take, and for more of them than any model has. */
struct avro_type *avro_type_make(const struct json *schema);
void avro_type_free(struct avro_type **type);

#endif
