#include "role/gateway/forward/reply.h"

#include "base/clock.h"
#include "role/gateway/forward/passage.h"
#include "role/gateway/gateway.h"
#include "role/gateway/passing.h"
#include "role/http/read_after_cookie.h"

unsigned reply_under_way(const struct forward *forward)
{
    unsigned count = 0;
    for (size_t i = 0; i < ATTEMPTS; i++)
        count += attempt_is_under_way(&forward->attempts[i]);
    return count;
}

static struct traffic *traffic_of(const struct forward *forward)
{
    return forward->forwarder->app->process->gateway->traffic;
}

static void return_permit(struct forward *forward)
{
    if (forward->has_permit)
        line_release(forward->line);
    forward->has_permit = false;
}

void reply_release_if_done(struct forward *forward)
{
    if (!forward->has_ended || forward->passing != NULL || reply_under_way(forward) > 0)
        return;
    way_fini(&forward->way);
    return_permit(forward);
    question_free(&forward->question);
    shelf_give(&forward->forwarder->shelf, forward, sizeof(*forward));
}

/* What was asked before the try that won was too slow. */
static void finish(struct forward *forward, msec_t won_at)
{
    forward->request = NULL;
    loop_timer_stop(&forward->again);
    for (size_t i = 0; i < ATTEMPTS; i++)
        attempt_cancel(&forward->attempts[i],
                       forward->attempts[i].stop.at < won_at ? POOL_OUTRUN : POOL_GIVEN_UP);
    if (!forward->call.is_over)
        call_end(&forward->call, STATUS_OK);
}

void reply_refuse(struct forward *forward, enum status status)
{
    msec_t now = clock_monotonic();
    int64_t seconds = forward->stale_seconds;
    if (forward->tries.is_write && forward->tries.may_have_arrived)
        status = STATUS_UNCERTAIN;
    else if (seconds > 0)
        status = STATUS_TOO_STALE;
    if (seconds == 0)
        seconds = compartment_retry_after(forward->compartment, forward->way.pool, status, now);
    if (status == STATUS_UNCERTAIN && forward->question.our_key[0] != '\0') /* to repeat it with */
        http_answer_with(forward->request, "idempotency-key", str_from(forward->question.our_key));
    refusal_answer(forward->forwarder->refusals, forward->request, status,
                   &(struct refused){forward->service, forward->side, forward->is_old, seconds});
    finish(forward, status == STATUS_TIMEOUT ? now : 0);
}

/* A client that left has seen the beginning. */
static void on_passed(void *arg, enum status status)
{
    struct forward *forward = arg;
    attempt_end_passing(forward->passing, status);
    forward->passing = NULL;
    if (status == STATUS_OK || status == STATUS_CANCELLED)
        traffic_count_answer(traffic_of(forward), forward->service, forward->side, forward->http);
    else
        traffic_count_refusal(traffic_of(forward), forward->service, forward->side, status);
    reply_release_if_done(forward);
}

/* It holds no permit: who takes his time over it is no burden to the others. */
static void pass_in_pieces(struct forward *forward, struct attempt *attempt,
                           const struct http_response *response, struct http_source *rest)
{
    const struct app *app = forward->forwarder->app;
    forward->passing = attempt;
    attempt_begin_passing(attempt);
    return_permit(forward);
    passage_start(forward->request, response, rest,
                  &(struct passage_options){.loop = app->loop,
                                            .silence_ms = app->process->settings.request_timeout_ms,
                                            .done = on_passed,
                                            .arg = forward});
}

void reply_pass_on(struct forward *forward, struct attempt *attempt,
                   const struct http_outcome *outcome)
{
    struct http_answer_head head = outcome->head;
    struct http_response response;
    int64_t now = attempt->ended_us;
    /* The client has not asked for it twice. */
    if (forward->question.our_key[0] != '\0' || forward->tries.may_have_arrived)
        head.replayed = (struct str){NULL, 0};
    passing_read_answer(&head, &response);
    response.body = outcome->body;
    passing_say_times(forward->request, &(struct passing_times){.gateway = now - forward->came_us,
                                                                .upstream = now - attempt->asked_us,
                                                                .queue = forward->queued_us});
    if (forward->tries.is_write && forward->forwarder->keeps_cookies)
        read_after_cookie_set(forward->request, forward->service, head.read_after);
    forward->http = response.status;
    if (outcome->rest != NULL) {
        pass_in_pieces(forward, attempt, &response, outcome->rest);
    } else {
        traffic_count_answer(traffic_of(forward), forward->service, forward->side, forward->http);
        http_reply(forward->request, &response);
    }
    finish(forward, attempt->stop.at);
}
