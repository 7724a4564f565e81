#include "guard/retry_after.h"

static int64_t seconds_within(int64_t span, int64_t second)
{
    int64_t seconds = (span + second - 1) / second;
    if (seconds < 1)
        return 1;
    return seconds < RETRY_AFTER_MAX ? seconds : RETRY_AFTER_MAX;
}

int64_t retry_after_queue(unsigned ahead, unsigned limit, int64_t latency_us)
{
    return seconds_within(ahead * latency_us / (limit > 0 ? limit : 1), 1000000);
}

int64_t retry_after_instant(msec_t at, msec_t now)
{
    return seconds_within(at - now, 1000);
}
