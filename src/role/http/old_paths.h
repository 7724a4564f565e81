/* The paths of the medical system that this one replaces, in their exact shapes: its clients go on
 * unchanged. The one place that knows a service by name.
 *
 *   /database/write/   POST                      /bulkhead/ and /    GET, POST, passed on
 *   /database/read/    GET ?id= or ?page=        /bulkhead/toggle/   POST, flips
 *   /database/health/  GET                       /bulkhead/status/   GET */
#ifndef ROLE_HTTP_OLD_PATHS_H
#define ROLE_HTTP_OLD_PATHS_H

#include "cqrs/write/write_desk.h"
#include "io/http/http_server.h"
#include "role/http/read_answer.h"

/* The service that the old paths speak of. */
extern const char old_paths_service[];

/* Answers /database/health/, and with 403 what belongs to another role than `role`. True when it
 * did. */
bool old_paths_handle(struct http_request *request, const char *role) must_check;

/* True when the path is one of the old ones. */
bool old_paths_has(struct str path);

/* The body of a refusal, in the shape that the path's clients know. */
void old_paths_write_refusal(struct str path, enum status status, const char *why, struct buf *out);

/* Refuses what an old path was asked. */
void old_paths_refuse(struct http_request *request, enum status status, const char *why);

/* answer_allows for the old paths, whose refusals have an "error". */
bool old_paths_allows(struct http_request *request, const char *methods) must_check;

/* POST /database/write/: a creation, or false after answering. */
bool old_paths_parse_write(struct http_request *request, const struct model *model,
                           struct command *out) must_check;
void old_paths_answer_write(struct http_request *request, const struct write_answer *answer);

/* GET /database/read/: one record or a page, or false after answering. */
struct old_read {
    const struct collection *collection;
    bool has_id;
    struct uuid id;
    struct query query; /* nothing in it to free */
};
bool old_paths_parse_read(struct http_request *request, const struct model *model,
                          struct old_read *out) must_check;
void old_paths_answer_record(struct http_request *request, struct str json);
void old_paths_answer_page(struct http_request *request, const struct read_position *position,
                           struct str items);

#endif
