#include "guard/tries.h"

enum try_next tries_last(const struct tries *tries, enum try_end end)
{
    bool is_answer = end != TRY_UNSENT && end != TRY_BROKEN;
    bool is_true = end == TRY_ANSWERED || !tries->is_write ||
                   (end != TRY_UNCERTAIN && !tries->may_have_arrived);
    return is_answer && is_true ? TRY_PASS_ON : TRY_FAIL;
}

static enum try_next after_read(const struct tries *tries, enum try_end end, bool has_another)
{
    return tries->again == 0 && has_another ? TRY_ANOTHER : tries_last(tries, end);
}

static enum try_next after_write(const struct tries *tries, enum try_end end, bool has_another)
{
    if (end == TRY_RUNNING)
        return tries->started > 1 ? TRY_PAUSE : TRY_PASS_ON;
    if (has_another)
        return TRY_ANOTHER;
    return tries->may_have_arrived ? TRY_PAUSE : tries_last(tries, end);
}

enum try_next tries_next(struct tries *tries, enum try_end end, bool has_another)
{
    if (end == TRY_BROKEN || end == TRY_UNCERTAIN)
        tries->may_have_arrived = true;
    if (end == TRY_ANSWERED)
        return TRY_PASS_ON;
    return tries->is_write ? after_write(tries, end, has_another)
                           : after_read(tries, end, has_another);
}
