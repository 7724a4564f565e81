/* A schema made ready for reading values of it: what stands in JSON between two values is spelled
 * out once, and nothing is looked up by name. */
#ifndef MODEL_AVRO_AVRO_TYPE_H
#define MODEL_AVRO_AVRO_TYPE_H

#include "model/schema.h"

struct avro_type {
    enum field_type type;
    bool is_union, is_null; /* then `type` says nothing */
    struct avro_type
        *parts; /* a record's fields, an array's one kind of item, a union's branches */
    size_t part_count;
    struct buf *texts; /* "name": of a record's fields, "symbol" of an enum's, as JSON has them */
    size_t text_count;
};

/* Of a schema whose names are expanded. NULL for a type that we do not take, and for more of them
 * than any model has. */
struct avro_type *avro_type_make(const struct json *schema);
void avro_type_free(struct avro_type **type);

#endif
