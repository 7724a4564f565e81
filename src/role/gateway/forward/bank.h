/* The servers of one side, as one loop of the gateway calls them: a peer for each place of the
 * fleet, opened when it is first asked and closed when another server has the place. */
#ifndef ROLE_GATEWAY_FORWARD_BANK_H
#define ROLE_GATEWAY_FORWARD_BANK_H

#include "guard/fleet/fleet.h"
#include "io/http/http_peer.h"

/* Lifetime: its loop's. */
struct bank {
    struct loop *loop;
    struct fleet *fleet;
    struct {
        struct http_peer *peer; /* NULL: it was not asked yet */
        unsigned generation;
    } peers[FLEET_MAX];
};

void bank_init(struct bank *bank, struct loop *loop, struct fleet *fleet);

/* The server at a place of the fleet. */
struct http_peer *bank_peer(struct bank *bank, int index);

/* Readers say with every answer how far they are behind. */
void bank_note_lag(struct bank *bank, int index, struct str replica_lag_ms, msec_t now);

#endif
