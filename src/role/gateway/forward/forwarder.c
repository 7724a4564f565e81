#include "role/gateway/forward/forwarder.h"

#include "role/gateway/forward/reply.h"
#include "role/gateway/gateway.h"

struct line *forwarder_line(struct forwarder *forwarder, const struct service *service,
                            enum side side)
{
    return &forwarder->lines[service - forwarder->app->process->model->services][side];
}

struct forwarder *forwarder_new(struct app *app)
{
    struct process *process = app->process;
    const struct settings *settings = &process->settings;
    struct forwarder *forwarder = mem_new(1, sizeof(*forwarder));
    forwarder->app = app;
    forwarder->shelf.size = sizeof(struct forward);
    forwarder->refusals = refusals_new(process->gateway->traffic);
    forwarder->keeps_cookies = strcmp(settings->read_after_cookie, "on") == 0;
    forwarder->lines = mem_new(process->model->service_count, sizeof(*forwarder->lines));
    for (enum side side = 0; side < SIDE_COUNT; side++)
        bank_init(&forwarder->banks[side], app->loop,
                  fleets_of_side(process->gateway->fleets, side));
    for (size_t i = 0; i < process->model->service_count; i++)
        for (enum side side = 0; side < SIDE_COUNT; side++) {
            const struct service *service = &process->model->services[i];
            struct compartment *compartment =
                compartments_find(process->gateway->compartments, service, side);
            line_init(&forwarder->lines[i][side], app->loop, &compartment->admission,
                      settings->queue_timeout_ms);
        }
    return forwarder;
}
