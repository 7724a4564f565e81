#include "guard/incident/availability.h"

static void observe(struct availability *availability, msec_t since)
{
    if (availability->is_observed)
        return;
    availability->is_observed = true;
    availability->observed_since = availability->changed_at = since;
}

msec_t availability_serve(struct availability *availability, msec_t now)
{
    observe(availability, now);
    if (!availability->is_out)
        return AVAILABILITY_NONE;
    msec_t length = now - availability->changed_at;
    availability->is_out = false;
    availability->changed_at = now;
    availability->ended += length;
    if (length > availability->longest)
        availability->longest = length;
    return length;
}

void availability_fail(struct availability *availability, msec_t first_sign, msec_t now)
{
    assert(first_sign <= now);
    observe(availability, first_sign);
    if (availability->is_out)
        return;
    /* A sign from before it served last belongs to an outage that is over. */
    if (first_sign > availability->changed_at)
        availability->changed_at = first_sign;
    availability->is_out = true;
    availability->outages++;
    availability->detecting += now - availability->changed_at;
}

struct availability_figures availability_read(const struct availability *availability, msec_t now)
{
    struct availability_figures figures = {.share = 1,
                                           .outages = availability->outages,
                                           .mean_detect = AVAILABILITY_NONE,
                                           .mean_recover = AVAILABILITY_NONE,
                                           .longest = AVAILABILITY_NONE};
    msec_t under_way = availability->is_out ? now - availability->changed_at : 0;
    unsigned recoveries = availability->outages - availability->is_out;
    figures.out = availability->ended + under_way;
    if (availability->is_observed)
        figures.observed = now - availability->observed_since;
    if (figures.observed > 0)
        figures.share = 1 - (double)figures.out / (double)figures.observed;
    else if (availability->is_out)
        figures.share = 0;
    if (availability->outages > 0) {
        figures.mean_detect = availability->detecting / availability->outages;
        figures.longest = availability->longest > under_way ? availability->longest : under_way;
    }
    if (recoveries > 0)
        figures.mean_recover = availability->ended / recoveries;
    return figures;
}
