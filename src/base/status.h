/* Every way an operation can end, in one table. Answers, metric labels, log words and the retry
 * policy all read it, so that a new ending is one new line.
 *
 * Columns: name, HTTP status, what a repetition would do, reason (the closed list of clients and
 * metrics), sentence for people. */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include "base/base.h"

enum status_repeat {
    REPEAT_USELESS, /* the same request ends the same way */
    REPEAT_SAFE,    /* nothing happened: the same request may be sent again, elsewhere too */
    REPEAT_UNKNOWN, /* it may have happened: only a read, or a write with a key, may repeat */
};

#define STATUS_TABLE(X)                                                                            \
    X(OK, 200, USELESS, "ok", "done")                                                              \
    X(BAD_REQUEST, 400, USELESS, "bad_request", "the request is malformed")                        \
    X(UNAUTHORIZED, 401, USELESS, "unauthorized", "the cluster key is missing or wrong")           \
    X(FORBIDDEN, 403, USELESS, "wrong_role", "this server's role does not do that")                \
    X(NOT_FOUND, 404, USELESS, "not_found", "there is nothing here")                               \
    X(METHOD_NOT_ALLOWED, 405, USELESS, "method_not_allowed", "the method is not allowed here")    \
    X(SLOW_REQUEST, 408, USELESS, "slow_request", "the request took too long to arrive")           \
    X(CONFLICT, 409, USELESS, "conflict", "another record holds this value")                       \
    X(IN_PROGRESS, 409, USELESS, "in_progress", "a request with this Idempotency-Key is running")  \
    X(LENGTH_REQUIRED, 411, USELESS, "length_required", "send Content-Length")                     \
    X(PRECONDITION_FAILED, 412, USELESS, "stale_version", "the record has another version")        \
    X(TOO_LARGE, 413, USELESS, "too_large", "the body is larger than this server accepts")         \
    X(UNSUPPORTED_TYPE, 415, USELESS, "unsupported_type", "the content type is not supported")     \
    X(INVALID, 422, USELESS, "invalid", "the body does not fit the schema")                        \
    X(KEY_REUSED, 422, USELESS, "key_reused", "the Idempotency-Key was used for another request")  \
    X(ROLLED_BACK, 424, USELESS, "rolled_back", "another member of the batch was refused")         \
    X(VERSION_REQUIRED, 428, USELESS, "version_required", "say with If-Match what you change")     \
    X(RATE_LIMITED, 429, SAFE, "rate_limited", "this client asks more often than it may")          \
    X(CANCELLED, 499, USELESS, "cancelled", "the asker left")                                      \
    X(INTERNAL, 500, USELESS, "internal", "the server failed; the log says how")                   \
    X(UPSTREAM_FAILED, 502, UNKNOWN, "upstream_failed", "the server behind gave no answer")        \
    X(DISABLED, 503, USELESS, "disabled", "this service is switched off")                          \
    X(QUEUE_FULL, 503, SAFE, "queue_full", "too many requests are waiting")                        \
    X(QUEUE_TIMEOUT, 503, SAFE, "queue_timeout", "the request waited too long for its turn")       \
    X(NO_SERVER, 503, SAFE, "no_server", "no server behind can be reached")                        \
    X(BREAKER_OPEN, 503, SAFE, "breaker_open", "no server behind answers; one is being tried")     \
    X(STARTING, 503, SAFE, "starting", "the server is not ready yet")                              \
    X(TOO_STALE, 503, SAFE, "too_stale", "what Read-After names has not been applied yet")         \
    X(TOO_MANY_STREAMS, 503, SAFE, "too_many_streams", "enough clients follow live events here")   \
    X(UNAVAILABLE, 503, SAFE, "database_unavailable", "the database cannot be reached")            \
    X(UNCERTAIN, 503, UNKNOWN, "uncertain", "the write may or may not have happened")              \
    X(DRAINING, 503, SAFE, "draining", "the server is about to stop")                              \
    X(LOOP, 508, USELESS, "loop", "the request came through this gateway before")                  \
    X(QUERY_TIMEOUT, 504, USELESS, "query_timeout", "the query takes longer than it may")          \
    X(TIMEOUT, 504, UNKNOWN, "timeout", "no answer came in time")

enum status {
#define STATUS_ENUM(name, http, repeat, reason, sentence) STATUS_##name,
    STATUS_TABLE(STATUS_ENUM)
#undef STATUS_ENUM
        STATUS_COUNT
};

struct status_info {
    const char *name;
    int http;
    enum status_repeat repeat;
    const char *reason;
    const char *sentence;
};

/* The table's line for `status`. */
const struct status_info *status_info(enum status status);

/* The standard phrase of an HTTP status code ("Not Found"); "Unknown" for one we never send. */
const char *status_http_phrase(int http);

#endif
