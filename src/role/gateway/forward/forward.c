#include "role/gateway/forward/forward.h"

#include "base/clock.h"
#include "role/gateway/forward/reply.h"
#include "role/gateway/gateway.h"

enum {
    PAUSE_MS = 50,
    TRY_LEAST_MS = 20, /* in less nobody answers */
    GRACE_MS = 50,     /* so that the last try ends before its request does, and says how */
};

/* Ending before an answer */

static void on_deadline(struct call *call)
{
    struct forward *forward = container_of(call, struct forward, call);
    bool was_in = forward->has_permit;
    if (!was_in)
        line_quit(&forward->place);
    forward->tries.may_have_arrived |= reply_under_way(forward) > 0;
    reply_refuse(forward, was_in ? STATUS_TIMEOUT : STATUS_QUEUE_TIMEOUT);
}

/* A write that is under way goes on: it is for nobody to say that it was not done. While it waits
 * for its turn the line tells. */
static void on_left(struct call *call)
{
    struct forward *forward = container_of(call, struct forward, call);
    forward->has_left = true;
    if (forward->has_permit && !forward->tries.is_write)
        call_end(call, STATUS_CANCELLED);
}

/* Answered, or with nobody there to be answered. */
static void on_end(struct call *call)
{
    struct forward *forward = container_of(call, struct forward, call);
    if (forward->request != NULL)
        reply_refuse(forward, STATUS_CANCELLED);
    forward->has_ended = true;
    reply_release_if_done(forward);
}

/* Trying */

static msec_t time_left(const struct forward *forward, msec_t now)
{
    msec_t whole = forward->forwarder->app->process->settings.request_timeout_ms;
    return forward->came_us / 1000 + whole - now;
}

/* How long one server may take, where there are others to ask: up to a tenth less for some, so that
 * those who came together and hang do not all come back in one turn. */
static msec_t patience_of(const struct forward *forward, msec_t left)
{
    enum { WAVES = 16, PARTS = 10 * WAVES };
    struct forwarder *forwarder = forward->forwarder;
    msec_t most = forwarder->app->process->settings.try_timeout_ms;
    most -= most * (forwarder->tries++ % WAVES) / PARTS;
    if (forward->tries.is_write && !way_goes_on(&forward->way))
        return left;
    if (forward->way.is_fresh && !forward->way.fresh.has_turned && left / 2 < most)
        most = left / 2;
    return left < most ? left : most;
}

static struct attempt *free_attempt(struct forward *forward)
{
    size_t i = 0;
    while (attempt_is_under_way(&forward->attempts[i]))
        i++;
    assert(i < ATTEMPTS);
    return &forward->attempts[i];
}

static void on_try_over(struct attempt *attempt, enum try_end end,
                        const struct http_outcome *outcome);

/* False when no server is left. */
static bool start_try(struct forward *forward, msec_t now)
{
    struct app *app = forward->forwarder->app;
    const struct question *question = &forward->question;
    struct attempt *attempt = free_attempt(forward);
    struct stop stop;
    /* The one that ended last may yet be the answer, and is known by its stop. */
    if (!way_next(&forward->way, now, &stop))
        return false;
    attempt->forwarder = forward->forwarder;
    attempt->compartment = forward->compartment;
    attempt->place = (struct faulty_call_place){app, forward->service, forward->side};
    attempt->stop = stop;
    msec_t left = time_left(forward, now), patience = patience_of(forward, left);
    attempt->is_short = left < app->process->settings.try_timeout_ms;
    attempt->may_have_arrived = forward->tries.may_have_arrived;
    forward->tries.started++;
    attempt_start(attempt,
                  &(struct http_call_options){
                      .method = question->method,
                      .target = question_target(question),
                      .headers = question_headers(question),
                      .body = question_body(question),
                      .connect_ms = app->process->settings.connect_timeout_ms,
                      .total_ms = patience < 1 ? 1 : patience,
                      .buffer_max = (size_t)app->process->settings.answer_buffer_bytes},
                  on_try_over, forward);
    return true;
}

static void count_extra(const struct forward *forward, enum traffic_extra extra)
{
    traffic_count_extra(forward->forwarder->app->process->gateway->traffic, forward->service,
                        forward->side, extra);
}

/* A read that takes longer than most is asked of a second server too, within its share. */
static void on_hedge(struct loop_timer *timer)
{
    struct forward *forward = container_of(timer, struct forward, again);
    struct compartment *compartment = forward->compartment;
    msec_t now = clock_monotonic();
    if (!forward->call.is_over && reply_under_way(forward) == 1 && way_goes_on(&forward->way) &&
        budget_withdraw(&compartment->hedges, now) && start_try(forward, now))
        count_extra(forward, TRAFFIC_HEDGE);
}

static void pause(struct forward *forward, msec_t now);

static void on_pause_over(struct loop_timer *timer)
{
    struct forward *forward = container_of(timer, struct forward, again);
    msec_t now = clock_monotonic();
    way_begin_again(&forward->way);
    if (forward->call.is_over)
        return;
    if (start_try(forward, now))
        count_extra(forward, TRAFFIC_RETRY);
    else
        pause(forward, now);
}

/* As long as there is time, somebody may come to know. */
static void pause(struct forward *forward, msec_t now)
{
    forward->again.fired = on_pause_over;
    if (time_left(forward, now) < PAUSE_MS + TRY_LEAST_MS)
        reply_refuse(forward, STATUS_TIMEOUT);
    else
        loop_timer_start(forward->forwarder->app->loop, &forward->again, PAUSE_MS);
}

/* A server that was behind has done no work, and one that was not reached neither. */
static enum try_next decide(struct forward *forward, const struct attempt *attempt,
                            enum try_end end)
{
    msec_t now = attempt->ended_us / 1000;
    bool has_another = way_goes_on(&forward->way) && time_left(forward, now) >= TRY_LEAST_MS;
    enum try_next next = tries_next(&forward->tries, end, has_another);
    if (forward->way.is_fresh && has_another && end != TRY_ANSWERED)
        next = TRY_ANOTHER;
    bool is_again = next == TRY_ANOTHER || next == TRY_PAUSE;
    bool has_cost = is_again && end != TRY_UNSENT && !attempt->was_stale;
    return !has_cost || budget_withdraw(&forward->compartment->retries, now)
               ? next
               : tries_last(&forward->tries, end);
}

/* What the last try came to is the answer. */
static void conclude(struct forward *forward, struct attempt *attempt, enum try_end end,
                     const struct http_outcome *outcome)
{
    bool is_stale = end != TRY_ANSWERED && forward->stale_seconds > 0;
    if (tries_last(&forward->tries, end) == TRY_PASS_ON && !is_stale)
        reply_pass_on(forward, attempt, outcome);
    else
        reply_refuse(forward,
                     outcome->status == STATUS_OK ? STATUS_UPSTREAM_FAILED : outcome->status);
}

/* After a try. */
static void go_on(struct forward *forward, struct attempt *attempt, enum try_end end,
                  const struct http_outcome *outcome)
{
    msec_t now = attempt->ended_us / 1000;
    enum try_next next = decide(forward, attempt, end);
    if (next == TRY_ANOTHER && start_try(forward, now)) {
        forward->tries.again += end != TRY_UNSENT;
        count_extra(forward, TRAFFIC_RETRY);
        return;
    }
    if (next == TRY_ANOTHER && forward->tries.is_write && forward->tries.may_have_arrived)
        next = TRY_PAUSE;
    if (end != TRY_ANSWERED && reply_under_way(forward) > 0)
        return; /* the other one may do better */
    if (next == TRY_PAUSE)
        pause(forward, now);
    else
        conclude(forward, attempt, end, outcome);
}

/* A server that was behind says how long it may help to wait. */
static void note_stale(struct forward *forward, struct str retry_after)
{
    int64_t seconds;
    if (str_to_int64(retry_after, &seconds) && seconds > 0 &&
        (forward->stale_seconds == 0 || seconds < forward->stale_seconds))
        forward->stale_seconds = seconds;
}

static void on_try_over(struct attempt *attempt, enum try_end end,
                        const struct http_outcome *outcome)
{
    struct forward *forward = attempt->arg;
    if (forward->call.is_over) {
        reply_release_if_done(forward);
        return;
    }
    if (attempt->was_stale)
        note_stale(forward, outcome->head.retry_after);
    go_on(forward, attempt, end, outcome);
}

/* Beginning */

static void begin(struct forward *forward, msec_t now)
{
    struct compartment *compartment = forward->compartment;
    compartment_count(compartment, now);
    if (!start_try(forward, now)) {
        reply_refuse(forward,
                     pool_members(forward->way.pool) == 0 ? STATUS_NO_SERVER : STATUS_BREAKER_OPEN);
    } else if (!forward->tries.is_write) {
        forward->again.fired = on_hedge;
        loop_timer_start(forward->forwarder->app->loop, &forward->again,
                         compartment_hedge_after(compartment, now));
    }
}

static void on_turn(struct line_place *place, enum status status)
{
    struct forward *forward = container_of(place, struct forward, place);
    int64_t now_us = clock_monotonic_us();
    forward->queued_us = now_us - forward->came_us;
    forward->has_permit = status == STATUS_OK;
    if (status == STATUS_OK && !forward->has_left)
        begin(forward, now_us / 1000);
    else
        reply_refuse(forward, status == STATUS_OK ? STATUS_CANCELLED : status);
}

/* What is switched off is not asked by way of reads either. */
static void plan_way(struct forward *forward, bool is_record)
{
    const struct gateway *gateway = forward->forwarder->app->process->gateway;
    struct pool *pool = fleets_pool(gateway->fleets, forward->service, forward->side);
    struct pool *writes = fleets_pool(gateway->fleets, forward->service, SIDE_WRITES);
    bool has_last_resort =
        is_record && toggles_is_on(gateway->toggles, forward->service, SIDE_WRITES);
    if (forward->question.is_fresh)
        way_init_fresh(&forward->way, pool, has_last_resort ? writes : NULL,
                       &forward->compartment->last_resort);
    else
        way_init(&forward->way, forward->side, pool);
}

static struct forward *forward_new(struct forwarder *forwarder, struct http_request *request,
                                   const struct forward_options *options)
{
    struct forward *forward = shelf_take(&forwarder->shelf, sizeof(*forward));
    struct process *process = forwarder->app->process;
    *forward = (struct forward){
        .call = {.on_deadline = on_deadline, .on_left = on_left, .on_end = on_end},
        .forwarder = forwarder,
        .request = request,
        .service = options->service,
        .side = options->side,
        .compartment =
            compartments_find(process->gateway->compartments, options->service, options->side),
        .line = forwarder_line(forwarder, options->service, options->side),
        .place = {.turned = on_turn},
        .tries = {.is_write = options->side == SIDE_WRITES},
        .is_old = options->is_old,
        .came_us = clock_monotonic_us(),
    };
    call_start(&forward->call, forwarder->app->loop,
               process->settings.request_timeout_ms + GRACE_MS);
    return forward;
}

/* What is needed of the request, while it is here. */
static void read_request(struct forward *forward, const struct forward_options *options)
{
    struct question *question = &forward->question;
    question_init(question, forward->request, options->target);
    if (forward->tries.is_write)
        question_give_key(question, forward->request);
    else
        question_take_seen(question, forward->request, options->service,
                           forward->forwarder->keeps_cookies);
    plan_way(forward, options->is_record);
}

/* Whoever is refused at once costs next to nothing. */
void forward_request(struct forwarder *forwarder, struct http_request *request,
                     const struct forward_options *options)
{
    const struct toggles *toggles = forwarder->app->process->gateway->toggles;
    struct forward *forward = forward_new(forwarder, request, options);
    if (!toggles_is_on(toggles, options->service, options->side)) {
        reply_refuse(forward, STATUS_DISABLED);
        return;
    }
    enum admission_answer answer = line_enter(forward->line, &forward->place);
    forward->has_permit = answer == ADMISSION_GRANTED;
    if (answer == ADMISSION_FULL) {
        reply_refuse(forward, STATUS_QUEUE_FULL);
        return;
    }
    read_request(forward, options);
    if (forward->has_permit)
        begin(forward, forward->came_us / 1000);
}
