/* What fields are called on an older path: on the way in, on the way out, and in mistakes. */
#ifndef ROLE_HTTP_OLDER_NAMES_H
#define ROLE_HTTP_OLDER_NAMES_H

#include "base/problem.h"
#include "model/alias.h"

/* The body with the model's names: a new tree in place of `*body`, where any differs. `alias` may
 * be NULL. */
void older_names_read(const struct alias *alias, struct json **body);

/* Appends records, one or several separated by commas, with the path's names. `alias` may be
 * NULL. */
void older_names_write(const struct alias *alias, struct str records, struct buf *out);

/* The same without a copy where no name differs: `records` themselves, or what is now in `renamed`,
 * which was empty. */
struct str older_names_of(const struct alias *alias, struct str records, struct buf *renamed);

/* Mistakes point at what the client wrote. `alias` may be NULL. */
void older_names_point(const struct alias *alias, struct problem *problem);

#endif
