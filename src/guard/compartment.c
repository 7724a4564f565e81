#include "guard/compartment.h"

enum status compartment_admit(struct compartment *compartment)
{
    if (compartment->in_flight >= compartment->limit)
        return STATUS_QUEUE_FULL;
    compartment->in_flight++;
    return STATUS_OK;
}

void compartment_release(struct compartment *compartment)
{
    assert(compartment->in_flight > 0);
    compartment->in_flight--;
}

unsigned compartment_share(unsigned limit, unsigned loops)
{
    return limit <= loops ? 1 : limit / loops;
}
