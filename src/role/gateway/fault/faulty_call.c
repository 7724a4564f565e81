#include "role/gateway/fault/faulty_call.h"

#include "base/clock.h"
#include "base/ident.h"
#include "io/call.h"
#include "role/gateway/fault/fault_desk.h"
#include "role/gateway/gateway.h"

/* Lifetime: until the fault is over. */
struct held {
    struct call call;
    struct faulty_call *faulty;
    struct fault_draw draw;
    struct http_peer *peer;
    struct http_call_options options;
};

/* The place is free again before the asker hears of it: he may call anew. */
static void finish(struct faulty_call *call, const struct http_outcome *outcome)
{
    call->call = NULL;
    call->held = NULL;
    call->done(call->arg, outcome);
}

static void on_outcome(void *arg, const struct http_outcome *outcome)
{
    finish(arg, outcome);
}

/* What a server says that cannot do its job. */
static void answer_error(struct faulty_call *call)
{
    static const char body[] = "{\"type\":\"about:blank\",\"title\":\"Service Unavailable\","
                               "\"status\":503,\"reason\":\"starting\","
                               "\"detail\":\"a fault that was asked for\"}";
    struct http_outcome outcome = {
        .status = STATUS_OK,
        .head = {.status = 503, .content_type = STR("application/problem+json")},
        .body = str_from(body)};
    finish(call, &outcome);
}

static void on_held_over(struct call *base)
{
    struct held *held = container_of(base, struct held, call);
    struct faulty_call *call = held->faulty;
    call->held = NULL;
    if (base->status != STATUS_OK)
        finish(call, &(struct http_outcome){.status = base->status});
    else if (held->draw.outcome == FAULT_ERROR)
        answer_error(call);
    else if (held->draw.outcome == FAULT_DROP)
        finish(call, &(struct http_outcome){.status = STATUS_UPSTREAM_FAILED});
    else
        call->call = http_call(held->peer, &held->options, on_outcome, call);
    http_peer_release(held->peer);
    free(held);
}

static void on_held_long_enough(struct call *call)
{
    struct held *held = container_of(call, struct held, call);
    held->options.total_ms -= held->draw.latency;
    call_end(call, held->options.total_ms > 0 ? STATUS_OK : STATUS_TIMEOUT);
}

/* As the client does: only of reads is it told (io/http/http_client.h). */
static void on_held_left(struct call *call)
{
    struct held *held = container_of(call, struct held, call);
    if (str_equal(held->options.method, STR("GET")))
        call_end(call, STATUS_CANCELLED);
}

static struct fault_draw draw(const struct faulty_call_place *place, const struct http_peer *peer)
{
    enum { STEPS = 1 << 20 };
    struct process *process = place->app->process;
    struct fault_draw none = {.outcome = FAULT_NONE};
    if (process->gateway->fault_desk == NULL ||
        !faults_has_any(fault_desk_faults(process->gateway->fault_desk)))
        return none;
    struct fault_target target = {(size_t)(place->service - process->model->services), place->side,
                                  str_from(http_peer_name(peer))};
    return faults_draw(fault_desk_faults(process->gateway->fault_desk), &target,
                       (double)(ident_random() % STEPS) / STEPS, clock_monotonic());
}

static void hold(struct faulty_call *call, struct loop *loop, const struct fault_draw *drawn,
                 struct http_peer *peer, const struct http_call_options *options)
{
    struct held *held = mem_new(1, sizeof(*held));
    *held = (struct held){.faulty = call, .draw = *drawn, .peer = peer, .options = *options};
    held->call.on_deadline = on_held_long_enough;
    held->call.on_left = on_held_left;
    held->call.on_end = on_held_over;
    http_peer_hold(peer);
    call->held = held;
    call_start(&held->call, loop,
               drawn->latency < options->total_ms ? drawn->latency : options->total_ms);
}

void faulty_call_start(struct faulty_call *call, const struct faulty_call_place *place,
                       struct http_peer *peer, const struct http_call_options *options)
{
    struct fault_draw drawn = draw(place, peer);
    if (drawn.latency == 0 && drawn.outcome == FAULT_NONE)
        call->call = http_call(peer, options, on_outcome, call);
    else
        hold(call, place->app->loop, &drawn, peer, options);
}

void faulty_call_cancel(struct faulty_call *call)
{
    if (call->call != NULL)
        http_call_cancel(call->call);
    else if (call->held != NULL && call->held->call.is_over)
        call->held->call.status = STATUS_CANCELLED; /* its end is on its way */
    else if (call->held != NULL)
        call_end(&call->held->call, STATUS_CANCELLED);
}

bool faulty_call_is_under_way(const struct faulty_call *call)
{
    return call->call != NULL || call->held != NULL;
}
