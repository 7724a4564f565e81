#include "role/gateway/forward/bank.h"

#include "base/log.h"

void bank_init(struct bank *bank, struct loop *loop, struct fleet *fleet)
{
    *bank = (struct bank){.loop = loop, .fleet = fleet};
}

/* The fleet takes only addresses that can be opened. */
static struct http_peer *open_peer(struct bank *bank, int index)
{
    char name[FLEET_NAME_SIZE], why[256];
    bank->peers[index].generation = fleet_name(bank->fleet, index, name);
    struct http_peer *peer = http_peer_open(bank->loop, str_from(name), why, sizeof(why));
    if (peer == NULL) {
        log_error("gateway.bad_server", log_text("why", why));
        abort();
    }
    return peer;
}

struct http_peer *bank_peer(struct bank *bank, int index)
{
    struct http_peer **peer = &bank->peers[index].peer;
    if (*peer != NULL && bank->peers[index].generation == fleet_generation(bank->fleet, index))
        return *peer;
    if (*peer != NULL)
        http_peer_close(peer);
    *peer = open_peer(bank, index);
    return *peer;
}

void bank_note_lag(struct bank *bank, int index, struct str replica_lag_ms, msec_t now)
{
    int64_t lag;
    if (str_to_int64(replica_lag_ms, &lag) && lag >= 0)
        fleet_note_lag(bank->fleet, index, lag, now);
}
