/* Does a document fit its collection? Every mistake is reported at once, each with its place. */
#ifndef MODEL_VALIDATE_H
#define MODEL_VALIDATE_H

#include "base/problem.h"
#include "model/schema.h"

/* Puts exactly the collection's fields into the object `to`, in their order: defaults filled in,
 * instants in UTC with milliseconds. False with `problem` set where `body` has a mistake; then only
 * what fits was put. `stored` is the record as it was, or NULL: what was reduced for privacy and
 * comes back unchanged is not held to the rules of the value that it once was. */
bool validate_document(const struct collection *collection, const struct json *stored,
                       const struct json *body, struct json *to,
                       struct problem *problem) must_check;

/* One value of any Avro type, its names expanded, in the same writing: the caller's, or NULL with
 * `problem` set. */
struct json *validate_value(const struct json *avro, const struct json *value,
                            struct problem *problem);

/* Does a value of the field's type keep its rules? */
bool validate_rules(const struct field *field, const struct json *value,
                    struct problem *problem) must_check;

/* One value as text (UTF-8, without NUL), as a query has it, in the form in which the database
 * compares it. False with a sentence about what is wanted in `wanted` where it is not of the
 * field's type. */
bool validate_text(const struct field *field, struct str text, struct buf *out,
                   const char **wanted) must_check;

#endif
