/* Personal data is reduced before anything of it is stored, published or logged.
 *
 *   pseudonym   HMAC-SHA-256 under the collection's key, in hexadecimal digits: the same value has
 *               the same pseudonym, and without the key nobody can tell whose it is
 *   mask        "***"
 *   year        of a date or an instant: "2026" in a string, the first of January in the others */
#ifndef MODEL_PRIVACY_H
#define MODEL_PRIVACY_H

#include "model/schema.h"

/* Is the text something that a year can be taken from? A year, or a date with anything behind it
 * that a time would begin with. */
bool privacy_has_year(struct str text);

/* Reduces, in place, what is private among valid `fields`, a document of the collection, unless it
 * is reduced already. */
void privacy_reduce(const struct collection *collection, const struct json *stored,
                    struct json *fields);

/* Is there nothing personal in the value of a private field? A default is nobody's; and what
 * `stored`, the record as it was (NULL: there was none), has already was reduced before: a client
 * may send back what he read. */
bool privacy_is_reduced(const struct field *field, const struct json *stored,
                        const struct json *value);

#endif
