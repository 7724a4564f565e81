#include "cqrs/replication/replica/applier_gauges.h"

#include <stdio.h>

#include "base/clock.h"
#include "cqrs/replication/replica/replica_freshness.h"

void applier_gauges_open(struct applier_gauges *gauges, struct metrics *metrics,
                         const char *service)
{
    char labels[96];
    struct {
        struct metric **place;
        enum metric_kind kind;
        const char *name, *help;
    } wanted[] = {
        {&gauges->applied, METRIC_KIND_COUNTER, "mamparo_replica_applied_total",
         "Events applied by this process"},
        {&gauges->resyncs, METRIC_KIND_COUNTER, "mamparo_replica_resyncs_total",
         "Resynchronisations begun"},
        {&gauges->filled, METRIC_KIND_COUNTER, "mamparo_replica_filled_total",
         "Records and events that resynchronisations brought"},
        {&gauges->is_following, METRIC_KIND_GAUGE, "mamparo_replica_following",
         "1 while this process applies the stream"},
        {&gauges->dead_letters, METRIC_KIND_GAUGE, "mamparo_replica_dead_letters",
         "Events that could not be applied, and those behind them"},
        {&gauges->events_behind, METRIC_KIND_GAUGE, "mamparo_replica_lag_events",
         "Events of the stream that are not applied yet"},
        {&gauges->bytes_behind, METRIC_KIND_GAUGE, "mamparo_replica_lag_bytes",
         "Bytes of the write-ahead log between the stream's top and the cursor"},
        {&gauges->ms_behind, METRIC_KIND_GAUGE, "mamparo_replica_lag_milliseconds",
         "While something is left to apply, or unknown: since it was up to date last"},
    };
    snprintf(labels, sizeof(labels), "service=\"%s\"", service);
    for (size_t i = 0; i < countof(wanted); i++)
        *wanted[i].place =
            metric_get(metrics, wanted[i].kind, wanted[i].name, wanted[i].help, labels);
    pthread_mutex_init(&gauges->lock, NULL);
    applier_gauges_set_state(gauges, "starting");
}

void applier_gauges_set_state(struct applier_gauges *gauges, const char *state)
{
    atomic_store(&gauges->state, state);
    metric_set(gauges->is_following, strcmp(state, "following") == 0);
}

static void set_lag(struct applier_gauges *gauges, struct lag lag, bool is_measured)
{
    atomic_store(&gauges->lag_events, lag.events);
    atomic_store(&gauges->lag_bytes, lag.bytes);
    atomic_store(&gauges->lag_ms, lag.ms);
    atomic_store(&gauges->looked_at, clock_monotonic());
    atomic_store(&gauges->is_measured, is_measured);
}

void applier_gauges_set_lag(struct applier_gauges *gauges, struct lag lag)
{
    set_lag(gauges, lag, true);
}

void applier_gauges_recall_lag(struct applier_gauges *gauges, int64_t ms)
{
    set_lag(gauges, (struct lag){.ms = ms}, false);
}

bool applier_gauges_set_letters(struct applier_gauges *gauges, const struct dead_letters *letters,
                                struct pg_session *session)
{
    enum { SHOWN = 10 };
    struct pg_outcome outcome;
    bool is_read = true;
    metric_set(gauges->dead_letters, letters->count);
    if (letters->count > 0)
        is_read = dead_letters_list(session, letters->service, SHOWN, &outcome);
    pthread_mutex_lock(&gauges->lock);
    buf_reset(&gauges->first_letters);
    for (size_t i = 0; is_read && letters->count > 0 && i < pg_rows_count(outcome.rows); i++) {
        if (i > 0)
            buf_append_char(&gauges->first_letters, ',');
        buf_append_str(&gauges->first_letters, pg_rows_text(outcome.rows, i, 0));
    }
    pthread_mutex_unlock(&gauges->lock);
    return is_read;
}

void applier_gauges_write_letters(struct applier_gauges *gauges, struct buf *out)
{
    pthread_mutex_lock(&gauges->lock);
    buf_append_str(out, buf_str(&gauges->first_letters));
    pthread_mutex_unlock(&gauges->lock);
}

void applier_gauges_forget_lag(struct applier_gauges *gauges)
{
    atomic_store(&gauges->looked_at, 0);
}

/* One that is held up says nothing; then what it knew grows old. So much is usual between two looks
 * at the stream, or between two savings of what they told. */
static int64_t lag_now(const struct applier_gauges *gauges)
{
    enum { USUAL_MS = 1000, USUAL_RECALLED_MS = 2 * REPLICA_FRESHNESS_EVERY_MS };
    int64_t ms = atomic_load(&gauges->lag_ms);
    msec_t looked_at = atomic_load(&gauges->looked_at);
    msec_t age = looked_at == 0 ? 0 : clock_monotonic() - looked_at;
    if (atomic_load(&gauges->is_measured))
        return age > USUAL_MS ? ms + age : ms;
    return ms + age > USUAL_RECALLED_MS ? ms + age : 0;
}

struct applier_status applier_gauges_status(const struct applier_gauges *gauges)
{
    return (struct applier_status){
        .state = atomic_load(&gauges->state),
        .is_filled = atomic_load(&gauges->is_filled),
        .is_measured = atomic_load(&gauges->is_measured),
        .lag = {.events = atomic_load(&gauges->lag_events),
                .bytes = atomic_load(&gauges->lag_bytes),
                .ms = lag_now(gauges)},
        .applied = metric_read(gauges->applied),
        .filled = metric_read(gauges->filled),
        .dead_letters = metric_read(gauges->dead_letters),
    };
}

void applier_gauges_measure(const struct applier_gauges *gauges)
{
    struct lag lag = applier_gauges_status(gauges).lag;
    metric_set(gauges->events_behind, lag.events);
    metric_set(gauges->bytes_behind, lag.bytes);
    metric_set(gauges->ms_behind, lag.ms);
}
