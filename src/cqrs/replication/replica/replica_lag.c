#include "cqrs/replication/replica/replica_lag.h"

void lag_look(struct lag_meter *meter, const struct lag_view *view, struct position cursor)
{
    bool was_remade = view->added < meter->view.added;
    meter->view = *view;
    if (position_compare(cursor, view->top) >= 0)
        meter->added_at_cursor = view->added;
    else if (!meter->is_known || was_remade)
        meter->added_at_cursor = view->added - view->length;
    meter->is_known = true;
}

void lag_advance(struct lag_meter *meter, size_t count, int64_t time)
{
    meter->added_at_cursor += (int64_t)count;
    meter->last_time = time;
}

static int64_t not_negative(int64_t value)
{
    return value < 0 ? 0 : value;
}

struct lag lag_measure(const struct lag_meter *meter, struct position cursor, int64_t now_wall_ms)
{
    struct lag lag = {0};
    if (position_compare(cursor, meter->view.top) >= 0)
        return lag;
    lag.events = not_negative(meter->view.added - meter->added_at_cursor);
    lag.bytes = (int64_t)(meter->view.top.commit - cursor.commit);
    lag.ms = meter->last_time == 0 ? 0 : not_negative(now_wall_ms - meter->last_time);
    return lag;
}
