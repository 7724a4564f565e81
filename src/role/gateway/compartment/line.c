#include "role/gateway/compartment/line.h"

void line_init(struct line *line, struct loop *loop, struct admission *admission, msec_t patience)
{
    *line = (struct line){.loop = loop, .admission = admission, .patience = patience};
    admission_door_init(&line->door);
}

/* Waiting */

static void on_deadline(struct call *call)
{
    struct line_place *place = container_of(call, struct line_place, call);
    bool was_called = admission_quit(place->line->admission, &place->place);
    call_end(call, was_called ? STATUS_OK : STATUS_QUEUE_TIMEOUT);
}

static void on_left(struct call *call)
{
    struct line_place *place = container_of(call, struct line_place, call);
    if (admission_quit(place->line->admission, &place->place))
        line_release(place->line);
    call_end(call, STATUS_CANCELLED);
}

static void on_end(struct call *call)
{
    struct line_place *place = container_of(call, struct line_place, call);
    place->turned(place, call->status);
}

enum admission_answer line_enter(struct line *line, struct line_place *place)
{
    enum admission_answer answer = admission_enter(line->admission, &place->place, &line->door);
    if (answer != ADMISSION_WAITS)
        return answer;
    place->line = line;
    place->call.on_deadline = on_deadline;
    place->call.on_left = on_left;
    place->call.on_end = on_end;
    call_start(&place->call, line->loop, line->patience);
    return answer;
}

void line_quit(struct line_place *place)
{
    struct call *call = &place->call;
    bool has_permit = call->is_over ? call->status == STATUS_OK
                                    : admission_quit(place->line->admission, &place->place);
    if (has_permit)
        line_release(place->line);
    loop_timer_stop(&call->deadline);
    loop_defer_cancel(&call->end);
    list_remove(&call->asked);
}

/* Leaving */

static void let_in(void *arg)
{
    struct line *line = arg;
    struct admission_place *place;
    while ((place = admission_take(line->admission, &line->door)) != NULL)
        call_end(&container_of(place, struct line_place, place)->call, STATUS_OK);
}

void line_release(struct line *line)
{
    struct admission_door *door;
    admission_leave(line->admission);
    while ((door = admission_call(line->admission)) != NULL) {
        struct line *called = container_of(door, struct line, door);
        if (called == line)
            let_in(line);
        else
            loop_post(called->loop, let_in, called);
    }
}
