/* A call to a server (io/http/http_client.h) that a fault may befall first, as far as the server's
 * compartment has one:
 *
 *   faulty_call → (held) → answered as by a server that failed, or broken off, or http_call
 *
 * A call that is held spends its own deadline. Whoever asked notices nothing but what he would of a
 * server that behaves so. */
#ifndef ROLE_GATEWAY_FAULT_FAULTY_CALL_H
#define ROLE_GATEWAY_FAULT_FAULTY_CALL_H

#include "io/http/http_client.h"
#include "role/app.h"
#include "role/gateway/switch/toggle.h"

struct faulty_call_place {
    struct app *app;
    const struct service *service;
    enum side side; /* of the compartment, whichever side its server is of */
};

/* Lifetime: the asker's; one call after another uses it. Zeroed, none is under way. */
struct faulty_call {
    http_done_fn *done; /* the asker's to set */
    void *arg;
    struct http_call *call;
    struct held *held;
};

/* As http_call, but the texts of `options` are borrowed until `done`. */
void faulty_call_start(struct faulty_call *call, const struct faulty_call_place *place,
                       struct http_peer *peer, const struct http_call_options *options);

/* As http_call_cancel. Harmless when none is under way. */
void faulty_call_cancel(struct faulty_call *call);

bool faulty_call_is_under_way(const struct faulty_call *call);

#endif
