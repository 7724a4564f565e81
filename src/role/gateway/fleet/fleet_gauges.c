#include "role/gateway/fleet/fleet_gauges.h"

#include "base/clock.h"

static void forget(struct fleet_gauge *gauge)
{
    if (gauge->up != NULL)
        metric_hide(gauge->up);
    if (gauge->lag != NULL)
        metric_hide(gauge->lag);
    *gauge = (struct fleet_gauge){0};
}

static void register_server(struct fleet_gauges *gauges, int index)
{
    struct fleet_gauge *gauge = &gauges->gauges[index];
    char name[FLEET_NAME_SIZE];
    struct buf labels = {0}, alone = {0};
    gauge->generation = fleet_name(gauges->fleet, index, name);
    buf_printf(&labels, "side=\"%s\",server=\"%s\"", side_name(gauges->side), name);
    buf_printf(&alone, "server=\"%s\"", name);
    gauge->up = metric_get(gauges->metrics, METRIC_KIND_GAUGE, "mamparo_gateway_server_up",
                           "1 while the server behind passes its checks", labels.ptr);
    if (gauges->side == SIDE_READS)
        gauge->lag = metric_get(gauges->metrics, METRIC_KIND_GAUGE,
                                "mamparo_gateway_replica_lag_milliseconds",
                                "As the read server said with its last answer", alone.ptr);
    buf_free(&labels);
    buf_free(&alone);
}

static void measure(struct fleet_gauges *gauges, int index)
{
    struct fleet_gauge *gauge = &gauges->gauges[index];
    enum fleet_state state = fleet_state(gauges->fleet, index);
    bool is_another = gauge->generation != fleet_generation(gauges->fleet, index);
    if (state == FLEET_ABSENT || is_another)
        forget(gauge);
    if (state == FLEET_ABSENT)
        return;
    if (gauge->up == NULL)
        register_server(gauges, index);
    metric_show(gauge->up, state == FLEET_UP);
    if (gauge->lag != NULL)
        metric_show(gauge->lag, fleet_lag(gauges->fleet, index, clock_monotonic()));
}

void fleet_gauges_measure(struct fleet_gauges *gauges)
{
    for (int i = 0; i < FLEET_MAX; i++)
        measure(gauges, i);
}

void fleet_gauges_write(const struct fleet_gauges *gauges, struct buf *out)
{
    static const char *const states[] = {"absent", "new", "up", "unready", "down"};
    const char *comma = "";
    buf_append_char(out, '[');
    for (int i = 0; i < FLEET_MAX; i++) {
        char name[FLEET_NAME_SIZE];
        enum fleet_state state = fleet_state(gauges->fleet, i);
        if (state == FLEET_ABSENT)
            continue;
        fleet_name(gauges->fleet, i, name);
        buf_printf(out, "%s{\"server\":\"%s\",\"state\":\"%s\"", comma, name, states[state]);
        if (gauges->side == SIDE_READS && state == FLEET_UP)
            buf_printf(out, ",\"lag_ms\":%lld",
                       (long long)fleet_lag(gauges->fleet, i, clock_monotonic()));
        buf_append_char(out, '}');
        comma = ",";
    }
    buf_append_char(out, ']');
}
