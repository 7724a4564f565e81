/* The servers of one side, as one loop of the gateway sees them. */
#ifndef ROLE_GATEWAY_BANK_H
#define ROLE_GATEWAY_BANK_H

#include "guard/pool.h"
#include "io/http/http_client.h"
#include "role/app.h"

/* Lifetime: its loop's. */
struct bank {
    struct pool pool;
    struct http_peer *peers[POOL_MAX];
    struct metric *lags[POOL_MAX]; /* of readers; else NULL */
};

/* `servers` are host:port between commas, of which there is room for POOL_MAX. How many there are;
 * 0, after logging why, when one cannot be used. */
unsigned bank_open_peers(struct loop *loop, const char *servers, struct http_peer **peers);

/* The same for a bank. False when there is none. */
bool bank_open(struct bank *bank, struct app *app, const char *servers) must_check;

/* Readers say with every answer how far they are behind. */
void bank_register_lags(struct bank *bank, struct metrics *metrics);
void bank_note_lag(struct bank *bank, int server, struct str replica_lag_ms);

#endif
