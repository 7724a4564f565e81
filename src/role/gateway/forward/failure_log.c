#include "role/gateway/forward/failure_log.h"

#include "base/clock.h"
#include "base/log.h"

enum { LINES_A_SECOND = 10 };

static bool is_failure(enum status status)
{
    return status == STATUS_UPSTREAM_FAILED || status == STATUS_NO_SERVER ||
           status == STATUS_BREAKER_OPEN || status == STATUS_UNCERTAIN || status == STATUS_TIMEOUT;
}

void failure_log_note(struct failure_log *log, const struct http_request *request,
                      enum status status)
{
    msec_t second = clock_monotonic() / 1000;
    if (!is_failure(status))
        return;
    if (second != log->second) {
        log->second = second;
        log->lines = 0;
    }
    if (log->lines++ >= LINES_A_SECOND) {
        log->unsaid++;
        return;
    }
    log_warn("gateway.request_failed", log_str("request_id", request->id),
             log_text("reason", status_info(status)->reason), log_number("unsaid", log->unsaid));
    log->unsaid = 0;
}
