#include "role/gateway/forward/attempt.h"

#include "base/clock.h"
#include "base/json.h"
#include "role/gateway/gateway.h"
#include "role/gateway/incident/journal.h"

/* The reason of a problem document, as a status; STATUS_OK for any other body. */
static enum status reason_of(struct str document)
{
    static const enum status known[] = {STATUS_UNCERTAIN, STATUS_TOO_STALE, STATUS_IN_PROGRESS,
                                        STATUS_QUERY_TIMEOUT};
    char mistake[JSON_MISTAKE_SIZE];
    struct json *body = json_parse(document, mistake);
    enum status found = STATUS_OK;
    if (body == NULL)
        return STATUS_OK;
    if (json_kind(body) == JSON_KIND_OBJECT) {
        struct str reason = json_find_text(body, "reason", STR(""));
        for (size_t i = 0; i < countof(known); i++)
            if (str_equal(reason, str_from(status_info(known[i])->reason)))
                found = known[i];
    }
    json_free(&body);
    return found;
}

static enum try_end end_of_refusal(struct attempt *attempt, const struct http_outcome *outcome)
{
    enum status reason = reason_of(outcome->body);
    attempt->was_stale = reason == STATUS_TOO_STALE;
    if (outcome->head.status == status_info(STATUS_IN_PROGRESS)->http)
        return reason == STATUS_IN_PROGRESS ? TRY_RUNNING : TRY_ANSWERED;
    return reason == STATUS_UNCERTAIN ? TRY_UNCERTAIN : TRY_REFUSED;
}

/* Answers that say that the server itself has failed. */
static enum try_end end_of_failure(const struct attempt *attempt,
                                   const struct http_outcome *outcome)
{
    bool is_write = attempt->place.side == SIDE_WRITES;
    if (outcome->head.status == 504 && reason_of(outcome->body) == STATUS_QUERY_TIMEOUT)
        return TRY_ANSWERED;
    if (!is_write)
        return TRY_REFUSED;
    return outcome->head.status == 500 && !attempt->may_have_arrived ? TRY_ANSWERED : TRY_UNCERTAIN;
}

static enum try_end end_of(struct attempt *attempt, const struct http_outcome *outcome)
{
    if (outcome->status == STATUS_NO_SERVER)
        return TRY_UNSENT;
    if (outcome->status != STATUS_OK)
        return TRY_BROKEN;
    switch (outcome->head.status) {
    case 409:
    case 503:
        return end_of_refusal(attempt, outcome);
    case 500:
    case 502:
    case 504:
        return end_of_failure(attempt, outcome);
    default:
        return TRY_ANSWERED;
    }
}

static enum pool_outcome tell(const struct attempt *attempt, enum try_end end,
                              const struct http_outcome *outcome)
{
    if (outcome->status == STATUS_CANCELLED)
        return attempt->given_up;
    if (outcome->status == STATUS_TIMEOUT && attempt->is_short)
        return POOL_OUTRUN;
    bool is_fine = end == TRY_ANSWERED || end == TRY_RUNNING || attempt->was_stale;
    return is_fine ? POOL_SUCCEEDED : POOL_FAILED;
}

static void note_failure(const struct attempt *attempt)
{
    journal_note_sign(attempt->forwarder->app->process->gateway->journal, attempt->stop.side,
                      attempt->stop.server, JOURNAL_SIGN_FAILED);
}

static void note(struct attempt *attempt, enum pool_outcome told,
                 const struct http_outcome *outcome)
{
    const struct stop *stop = &attempt->stop;
    msec_t now = attempt->ended_us / 1000;
    if (outcome->status == STATUS_OK)
        bank_note_lag(&attempt->forwarder->banks[stop->side], stop->server,
                      outcome->head.replica_lag_ms, now);
    if (told == POOL_SUCCEEDED || (outcome->status == STATUS_TIMEOUT && !attempt->is_short))
        compartment_note(attempt->compartment, attempt->ended_us - attempt->asked_us, now);
    if (told == POOL_FAILED)
        note_failure(attempt);
    pool_give_back(stop->pool, stop->server, told, stop->at, now);
}

void attempt_begin_passing(const struct attempt *attempt)
{
    pool_hold(attempt->stop.pool, attempt->stop.server);
}

void attempt_end_passing(const struct attempt *attempt, enum status status)
{
    const struct stop *stop = &attempt->stop;
    bool is_its_fault = status != STATUS_OK && status != STATUS_CANCELLED;
    if (is_its_fault)
        note_failure(attempt);
    pool_give_back(stop->pool, stop->server, is_its_fault ? POOL_FAILED : POOL_GIVEN_UP, stop->at,
                   clock_monotonic());
}

static void on_outcome(void *arg, const struct http_outcome *outcome)
{
    struct attempt *attempt = arg;
    attempt->ended_us = clock_monotonic_us();
    enum try_end end = end_of(attempt, outcome);
    note(attempt, tell(attempt, end, outcome), outcome);
    attempt->done(attempt, end, outcome);
}

void attempt_start(struct attempt *attempt, const struct http_call_options *options,
                   attempt_done_fn *done, void *arg)
{
    struct bank *bank = &attempt->forwarder->banks[attempt->stop.side];
    attempt->asked_us = clock_monotonic_us();
    attempt->given_up = POOL_GIVEN_UP;
    attempt->was_stale = false;
    attempt->done = done;
    attempt->arg = arg;
    attempt->call = (struct faulty_call){.done = on_outcome, .arg = attempt};
    faulty_call_start(&attempt->call, &attempt->place, bank_peer(bank, attempt->stop.server),
                      options);
}

bool attempt_is_under_way(const struct attempt *attempt)
{
    return faulty_call_is_under_way(&attempt->call);
}

void attempt_cancel(struct attempt *attempt, enum pool_outcome as)
{
    attempt->given_up = as;
    faulty_call_cancel(&attempt->call);
}
