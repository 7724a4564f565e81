#include "role/gateway/switch/toggle.h"

#include <stdatomic.h>

struct toggles {
    const struct model *model;
    atomic_bool (*is_off)[SIDE_COUNT]; /* by the service's place in the model */
};

struct toggles *toggles_new(const struct model *model)
{
    struct toggles *toggles = mem_new(1, sizeof(*toggles));
    toggles->model = model;
    toggles->is_off = mem_new(model->service_count, sizeof(*toggles->is_off));
    return toggles;
}

static atomic_bool *place(const struct toggles *toggles, const struct service *service,
                          enum side side)
{
    return &toggles->is_off[service - toggles->model->services][side];
}

bool toggles_is_on(const struct toggles *toggles, const struct service *service, enum side side)
{
    return !atomic_load_explicit(place(toggles, service, side), memory_order_relaxed);
}

void toggles_set(struct toggles *toggles, const struct service *service, enum side side, bool is_on)
{
    atomic_store(place(toggles, service, side), !is_on);
}

bool toggles_flip(struct toggles *toggles, const struct service *service, enum side side)
{
    bool was_off = atomic_load(place(toggles, service, side));
    while (!atomic_compare_exchange_weak(place(toggles, service, side), &was_off, !was_off)) {
    }
    return was_off;
}
