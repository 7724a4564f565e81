#include "tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    STEPS = 64, /* of the histogram, for each doubling: 1.6 % */
    BUCKETS = STEPS * 32,
    SLICES_PER_SECOND = 10,
};

struct tally {
    int64_t start;
    int slices, slow_us;
    long answers, by_status[STATUSES], by_time[BUCKETS];
    int64_t longest, total;
    long *due, *slow; /* for each slice of the timeline */
};

struct tally *tally_new(int64_t start, int seconds, int slow_ms)
{
    struct tally *tally = calloc(1, sizeof(*tally));
    tally->start = start;
    tally->slow_us = slow_ms * 1000;
    tally->slices = seconds * SLICES_PER_SECOND;
    tally->due = calloc((size_t)tally->slices, sizeof(*tally->due));
    tally->slow = calloc((size_t)tally->slices, sizeof(*tally->slow));
    return tally;
}

static int bucket_of(int64_t us)
{
    int doublings = 0;
    for (us = us < 0 ? 0 : us; us >= 2 * STEPS; us /= 2)
        doublings++;
    return doublings * STEPS + (int)us;
}

static int64_t quantile_us(const struct tally *tally, double share)
{
    long left = (long)((double)tally->answers * share);
    for (int i = 0; i < BUCKETS; i++)
        if ((left -= tally->by_time[i]) < 0) {
            int doublings = i < 2 * STEPS ? 0 : i / STEPS - 1;
            return (int64_t)(i - doublings * STEPS) << doublings;
        }
    return tally->longest;
}

bool tally_is_good(int status)
{
    return status >= 200 && status < 400;
}

void tally_add(struct tally *tally, int64_t due, int64_t took, int status)
{
    int64_t slice = (due - tally->start) * SLICES_PER_SECOND / SECOND_US;
    tally->answers++;
    tally->by_status[status]++;
    tally->by_time[bucket_of(took)]++;
    tally->total += took;
    if (took > tally->longest)
        tally->longest = took;
    if (slice >= tally->slices)
        return;
    tally->due[slice]++;
    tally->slow[slice] += !tally_is_good(status) || took > tally->slow_us;
}

static void show_slices(const struct tally *tally, const char *name, const long *numbers)
{
    printf(",\"%s\":[", name);
    for (int i = 0; i < tally->slices; i++)
        printf("%s%ld", i == 0 ? "" : ",", numbers[i]);
    printf("]");
}

static void show_statuses(const struct tally *tally)
{
    const char *comma = "";
    printf(",\"statuses\":{");
    for (int i = 0; i < STATUSES; i++)
        if (tally->by_status[i] > 0) {
            printf("%s\"%d\":%ld", comma, i, tally->by_status[i]);
            comma = ",";
        }
    printf("}");
}

void tally_show(const struct tally *tally, int64_t now)
{
    double seconds = (double)(now - tally->start) / SECOND_US;
    printf("{\"start\":%.6f,\"requests\":%ld,\"rate\":%.1f", (double)tally->start / SECOND_US,
           tally->answers, (double)tally->answers / seconds);
    show_statuses(tally);
    printf(",\"mean_us\":%" PRId64, tally->total / (tally->answers > 0 ? tally->answers : 1));
    printf(",\"p50_us\":%" PRId64 ",\"p99_us\":%" PRId64 ",\"p999_us\":%" PRId64
           ",\"max_us\":%" PRId64,
           quantile_us(tally, 0.5), quantile_us(tally, 0.99), quantile_us(tally, 0.999),
           tally->longest);
    show_slices(tally, "due", tally->due);
    show_slices(tally, "slow", tally->slow);
    printf("}\n");
    fflush(stdout);
}
