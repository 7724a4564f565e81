/* The rules of one field, read from its attributes in the Avro schema and checked against its type.
 * A rule that is misspelt, or that could do nothing where it stands, is a mistake. */
#ifndef MODEL_RULES_H
#define MODEL_RULES_H

#include "model/schema.h"

/* What a mistake is said about: a file, and where to say it. */
struct rules_reading {
    const char *file;
    struct buf *mistakes;
};

/* One line about a field, or about the file where `field` is NULL. */
void rules_say(struct rules_reading *reading, const char *field, const char *what);

bool rules_is_among(const char *name, const char *const *names, size_t count);

/* Fills the rules of a field whose name and, where it is taken, shape are known. */
void rules_read(struct field *field, const struct json *json, struct rules_reading *reading);

#endif
