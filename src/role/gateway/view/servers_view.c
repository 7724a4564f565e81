#include "role/gateway/view/servers_view.h"

#include "base/json.h"

static void write_server(struct fleet *fleet, const struct pool *pool, int server, msec_t now,
                         struct buf *out)
{
    static const char *const words[] = {
        [FLEET_ABSENT] = "absent",   [FLEET_NEW] = "new",   [FLEET_UP] = "up",
        [FLEET_UNREADY] = "unready", [FLEET_DOWN] = "down",
    };
    char name[FLEET_NAME_SIZE];
    fleet_name(fleet, server, name);
    buf_append_text(out, "{\"server\":");
    json_write_string(str_from(name), out);
    buf_printf(out, ",\"state\":\"%s\",\"ejected_for_ms\":%lld,\"in_flight\":%u,\"lag_ms\":%lld}",
               words[fleet_state(fleet, server)], (long long)pool_ejected_for(pool, server, now),
               pool_in_flight(pool, server), (long long)fleet_lag(fleet, server, now));
}

void servers_view_write(struct fleet *fleet, const struct pool *pool, uint64_t service, msec_t now,
                        struct buf *out)
{
    const char *comma = "";
    buf_append_char(out, '[');
    for (uint64_t left = fleet_members(fleet, service); left != 0; left &= left - 1) {
        buf_append_text(out, comma);
        comma = ",";
        write_server(fleet, pool, __builtin_ctzll(left), now, out);
    }
    buf_append_char(out, ']');
}

bool servers_view_has(struct fleet *fleet, uint64_t service, struct str name)
{
    char known[FLEET_NAME_SIZE];
    for (uint64_t left = fleet_members(fleet, service); left != 0; left &= left - 1) {
        fleet_name(fleet, __builtin_ctzll(left), known);
        if (str_equal(str_from(known), name))
            return true;
    }
    return false;
}
