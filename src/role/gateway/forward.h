/* A request's way through the gateway.
 *
 *   admit (toggle, compartment) → take a server → call it → its answer, or another server → reply
 *
 * A read that failed is asked once more, of another server; one with a Read-After of every server
 * that may have what it names, the write side at last. A write is sent to another one only
 * when nothing of it can have arrived, or when its Idempotency-Key makes that harmless. */
#ifndef ROLE_GATEWAY_FORWARD_H
#define ROLE_GATEWAY_FORWARD_H

#include "io/http/http_client.h"
#include "role/app.h"
#include "role/gateway/switch/toggle.h"

/* One loop's servers and compartments. */
struct gateway;

/* NULL, after logging why, when a server of the settings cannot be used. */
struct gateway *gateway_new(struct app *app);

struct forward_options {
    const struct service *service;
    enum side side;
    struct str target; /* path and query for the server behind; copied */
    bool is_record;    /* one record, which the write side knows too */
    bool is_old;       /* refusals have the former system's shape */
};

/* Answers the request, now or later. */
void forward_request(struct gateway *gateway, struct http_request *request,
                     const struct forward_options *options);

#endif
