/* JSON written in C, with ' for ", so that it stays readable. */
#ifndef MODEL_OPENAPI_LITERAL_H
#define MODEL_OPENAPI_LITERAL_H

#include "base/json.h"

/* The tree of a text, after printf's way; the caller's. What fills a % are names and numbers: no
 * quote of either kind may be in it. A text that is no JSON is a bug. */
struct json *literal_json(const char *format, ...) printf_like(1, 2);

/* Moves the members of `from` into `to`, behind those that are there. */
void literal_join(struct json *to, struct json *from);

#endif
