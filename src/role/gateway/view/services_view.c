#include "role/gateway/view/services_view.h"

#include "base/clock.h"
#include "role/gateway/compartment/compartment.h"
#include "role/gateway/fleets.h"
#include "role/gateway/gateway.h"
#include "role/gateway/side.h"
#include "role/gateway/view/servers_view.h"
#include "role/gateway/view/traffic.h"
#include "role/http/answer.h"

/* One compartment of the process. */
struct place {
    const struct process *process;
    const struct service *service;
    enum side side;
};

static void write_latency(const char *key, int64_t microseconds, struct buf *out)
{
    if (microseconds == 0)
        buf_printf(out, ",\"%s\":null", key);
    else
        buf_printf(out, ",\"%s\":%.3f", key, (double)microseconds / 1000);
}

static void write_load(const struct place *place, struct buf *out)
{
    const struct gateway *gateway = place->process->gateway;
    struct compartment *compartment =
        compartments_find(gateway->compartments, place->service, place->side);
    const struct admission *admission = &compartment->admission;
    msec_t now = clock_monotonic();
    buf_printf(out, ",\"in_flight\":%u,\"waiting\":%u,\"limit\":%u,\"queue\":%u,",
               admission_in_flight(admission), admission_waiting(admission),
               atomic_load(&admission->limit), atomic_load(&admission->queue));
    traffic_write_members(gateway->traffic, place->service, place->side, out);
    write_latency("p50_ms", latency_quantile(&compartment->latency, 500, now), out);
    write_latency("p95_ms", latency_quantile(&compartment->latency, 950, now), out);
}

static void write_servers(const struct place *place, struct buf *out)
{
    const struct fleets *fleets = place->process->gateway->fleets;
    buf_append_text(out, ",\"servers\":");
    servers_view_write(
        fleets_of_side(fleets, place->side), fleets_pool(fleets, place->service, place->side),
        UINT64_C(1) << (place->service - place->process->model->services), clock_monotonic(), out);
}

static void write_compartment(const struct place *place, struct buf *out)
{
    buf_printf(out, "\"%s\":{", side_name(place->side));
    toggles_write_members(place->process->gateway->toggles, place->service, place->side, out);
    write_load(place, out);
    write_servers(place, out);
    buf_append_char(out, '}');
}

void services_view_write(const struct process *process, struct buf *out)
{
    buf_append_char(out, '{');
    for (size_t i = 0; i < process->model->service_count; i++) {
        struct place place = {process, &process->model->services[i], SIDE_READS};
        buf_printf(out, "%s\"%s\":{", i == 0 ? "" : ",", place.service->name);
        write_compartment(&place, out);
        place.side = SIDE_WRITES;
        buf_append_char(out, ',');
        write_compartment(&place, out);
        buf_append_char(out, '}');
    }
    buf_append_char(out, '}');
}

void services_view_handle(struct http_request *request)
{
    const struct app *app = request->arg;
    struct buf body = {0};
    if (!answer_allows(request, "GET, HEAD"))
        return;
    services_view_write(app->process, &body);
    answer_json(request, 200, buf_str(&body));
    buf_free(&body);
}
