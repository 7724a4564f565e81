/* What records are looked up by on the read side: fields that declare it, and what every record
 * has. Tables, indexes and statements are written from the same words here, so that a statement
 * says what its index does. */
#ifndef MODEL_LOOKUP_LOOKUP_H
#define MODEL_LOOKUP_LOOKUP_H

#include "model/schema.h"

/* `id`, `created_at` and `updated_at`, as if the schema had declared them. */
enum { LOOKUP_BASE_COUNT = 3 };
const struct field *lookup_base(size_t index);

/* A field of the schema or of every record; NULL where there is none. What it declares is in its
 * flags. */
const struct field *lookup_find(const struct collection *collection, struct str name);

/* Its column's SQL type. */
const char *lookup_type(const struct field *field);

/* How a field can be asked: <field>= and <field>.<operator>=. */
enum lookup_op {
    LOOKUP_EQ,
    LOOKUP_NE,
    LOOKUP_LT,
    LOOKUP_LTE,
    LOOKUP_GT,
    LOOKUP_GTE,
    LOOKUP_IN,
    LOOKUP_LIKE,
    LOOKUP_NULL,
    LOOKUP_OP_COUNT,
};

/* What stands behind the dot; empty for LOOKUP_EQ. */
const char *lookup_op_name(enum lookup_op op);

/* Can a field that filters be asked so? */
bool lookup_takes(const struct field *field, enum lookup_op op);

/* How many values .in takes, how many names sort. */
enum { LOOKUP_ITEMS_MAX = 50, LOOKUP_SORT_MAX = 3 };

/* Does it have the index that "contains" needs? Of a pseudonym or a mask nobody knows a part. */
bool lookup_has_like(const struct field *field);

/* Appends what is sorted by: `value`, or what stands for null, which comes before all others:
 * the least value of its type. So no value is null, and rows compare as a whole. */
void lookup_write_order(const struct field *field, const char *value, struct buf *out);

/* Is any field declared `search`? */
bool lookup_has_search(const struct collection *collection);

/* The column with the words of a record; no field can be called like it. */
#define LOOKUP_WORDS "\"words.\""

#endif
