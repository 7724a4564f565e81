#include "role/read_gate.h"

#include "base/clock.h"
#include "role/http/read_after.h"

enum {
    TICK_MS = 2,
    ASK_AGAIN_MS = 20, /* though nothing was applied here: another process may be the applier */
};

struct read_gate {
    struct app *app;
    struct list waiting; /* of struct hold */
    struct loop_timer tick;
};

/* Lifetime: a request's, from pass to serve or refuse. */
struct hold {
    struct list link; /* while it waits */
    struct read_gate *gate;
    struct http_request *request;
    struct asker *asker; /* for whom it looks: the request's */
    struct route route;
    const struct read_gate_way *way;
    struct read_after after;
    size_t at;       /* the token asked about: those before it are applied */
    int64_t applied; /* by this process, when the database was asked last */
    msec_t asked_at, give_up_at;
    bool has_room;
};

static int64_t applied_by_now(const struct hold *hold)
{
    return replica_applied(hold->gate->app->process->replica, hold->route.service);
}

static void hold_free(struct hold *hold)
{
    if (hold->has_room)
        admission_leave(&hold->gate->app->process->read_after_room);
    free(hold);
}

/* As long as the replica is behind, as far as it knows. */
static void say_when(const struct hold *hold)
{
    enum { SECONDS_MAX = 60 };
    int64_t lag = replica_lag_ms(hold->gate->app->process->replica, hold->route.service);
    int64_t seconds = lag / 1000 + 1;
    char room[STR_NUMBER_SIZE];
    http_answer_with(hold->request, "retry-after",
                     str_of_number(seconds > SECONDS_MAX ? SECONDS_MAX : seconds, room));
}

static void refuse(struct hold *hold, enum status status)
{
    struct problem problem = {0};
    problem_set(&problem, status, "%s", status_info(status)->sentence);
    if (status == STATUS_TOO_STALE)
        say_when(hold);
    hold->way->refuse(hold->request, &hold->route, &problem);
    problem_free(&problem);
    hold_free(hold);
}

static void serve(struct hold *hold)
{
    hold->way->serve(hold->request, &hold->route);
    hold_free(hold);
}

/* Asking and waiting */

static void on_looked(void *arg, enum status status);

static void ask(struct hold *hold)
{
    hold->applied = applied_by_now(hold);
    hold->asked_at = clock_monotonic();
    applied_store_look(hold->gate->app->pool, &hold->after.tokens[hold->at], on_looked, hold);
}

static bool enter(struct hold *hold)
{
    struct admission *room = &hold->gate->app->process->read_after_room;
    if (!hold->has_room)
        hold->has_room = admission_enter(room, NULL, NULL) == ADMISSION_GRANTED;
    return hold->has_room;
}

static void wait(struct hold *hold)
{
    struct read_gate *gate = hold->gate;
    if (!enter(hold)) {
        refuse(hold, STATUS_QUEUE_FULL);
        return;
    }
    if (list_is_empty(&gate->waiting))
        loop_timer_start(gate->app->loop, &gate->tick, TICK_MS);
    list_append(&gate->waiting, &hold->link);
}

static void on_looked(void *arg, enum status status)
{
    struct hold *hold = arg;
    if (hold->request->is_gone)
        refuse(hold, STATUS_CANCELLED);
    else if (status == STATUS_OK && ++hold->at == hold->after.count)
        serve(hold);
    else if (status == STATUS_OK)
        ask(hold);
    else if (status == STATUS_TOO_STALE && clock_monotonic() < hold->give_up_at)
        wait(hold);
    else
        refuse(hold, status);
}

static bool is_due(const struct hold *hold, msec_t now)
{
    return now >= hold->give_up_at || now - hold->asked_at >= ASK_AGAIN_MS ||
           applied_by_now(hold) != hold->applied;
}

static void on_tick(struct loop_timer *timer)
{
    struct read_gate *gate = container_of(timer, struct read_gate, tick);
    msec_t now = clock_monotonic();
    struct list all;
    list_init(&all);
    list_move_all(&all, &gate->waiting);
    for (struct list *link; (link = list_take_first(&all)) != NULL;) {
        struct hold *hold = container_of(link, struct hold, link);
        loop_set_asker(gate->app->loop, hold->asker);
        if (is_due(hold, now))
            ask(hold);
        else
            wait(hold);
        loop_set_asker(gate->app->loop, NULL);
    }
}

/* Arriving */

void read_gate_pass(struct read_gate *gate, struct http_request *request, const struct route *route,
                    const struct read_gate_way *way)
{
    struct str value = http_request_header(request, STR("read-after"));
    if (value.ptr == NULL) {
        way->serve(request, route);
        return;
    }
    struct problem problem = {0};
    struct hold *hold = mem_new(1, sizeof(*hold));
    *hold = (struct hold){
        .gate = gate,
        .request = request,
        .route = *route,
        .way = way,
        .asker = loop_asker(gate->app->loop),
        .give_up_at = clock_monotonic() + gate->app->process->settings.read_after_ms,
    };
    list_init(&hold->link);
    if (read_after_parse(route->service, value, &hold->after, &problem)) {
        ask(hold);
    } else {
        way->refuse(request, route, &problem);
        hold_free(hold);
    }
    problem_free(&problem);
}

struct read_gate *read_gate_new(struct app *app)
{
    struct read_gate *gate = mem_new(1, sizeof(*gate));
    gate->app = app;
    gate->tick.fired = on_tick;
    list_init(&gate->waiting);
    return gate;
}
