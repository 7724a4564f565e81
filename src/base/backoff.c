#include "base/backoff.h"

msec_t backoff_wait(struct backoff *backoff, uint32_t random)
{
    msec_t full = backoff->next == 0 ? backoff->first : backoff->next;
    backoff->next = full * 2 > backoff->most ? backoff->most : full * 2;
    return full - (msec_t)(random % (uint32_t)(full / 2 + 1));
}

void backoff_reset(struct backoff *backoff)
{
    backoff->next = 0;
}
