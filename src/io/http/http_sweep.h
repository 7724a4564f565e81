/* What a server looks at now and then over all its connections: clients that are too slow, and how
 * much memory their requests hold. h2o has no limit for either. */
#ifndef IO_HTTP_HTTP_SWEEP_H
#define IO_HTTP_HTTP_SWEEP_H

#include <sys/time.h>

#include "base/buf.h"
#include "base/status.h"

enum { HTTP_SLOW_SECONDS = 30 }; /* to send a request, or to take an answer */

/* h2o's own, borrowed. */
struct st_h2o_req_t;
struct st_h2o_context_t;

/* Writes the body, application/problem+json, of what is refused before a handler sees it. */
typedef void http_refuse_fn(struct str path, enum status status, const char *why, struct buf *out);

/* 0 for an instant that has not been yet. */
int64_t http_sweep_seconds_since(const struct timeval *then);

int64_t http_sweep_microseconds_since(const struct timeval *then);

/* Of a request that has begun. */
bool http_sweep_is_slow(const struct st_h2o_req_t *req);

/* Ends its connection, with 408 where no answer has begun. */
void http_sweep_drop(struct st_h2o_req_t *req, http_refuse_fn *write_refusal);

/* What this thread reads into, 8 KB each: so many are kept for those who ask in one turn, since
 * malloc is slow to find them, and given back now and then. */
void http_sweep_keep_buffers(void);
void http_sweep_shed_buffers(void);

/* Bytes that the requests of all connections hold. */
int64_t http_sweep_held(struct st_h2o_context_t *context);

/* Ends connections that are still sending a body, with 503, until so many bytes are free. */
void http_sweep_shed(struct st_h2o_context_t *context, int64_t bytes,
                     http_refuse_fn *write_refusal);

#endif
