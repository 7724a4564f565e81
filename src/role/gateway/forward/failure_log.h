/* The log of requests that failed behind the gateway: a line for each, by the name that the client
 * saw in X-Request-Id; of very many, so many a second, and the number of the others. */
#ifndef ROLE_GATEWAY_FORWARD_FAILURE_LOG_H
#define ROLE_GATEWAY_FORWARD_FAILURE_LOG_H

#include "io/http/http_server.h"

/* Lifetime: a loop's. Zeroed, it has seen nothing. */
struct failure_log {
    msec_t second; /* in which they are counted */
    int64_t lines, unsaid;
};

/* Nothing, unless the status tells of a failure. Before the answer. */
void failure_log_note(struct failure_log *log, const struct http_request *request,
                      enum status status);

#endif
