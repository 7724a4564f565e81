/* A request's way through the gateway.
 *
 *   switched on? → the line before its compartment → a try → its answer, or another try → reply
 *
 * A read is asked of a second server when the first one failed, or takes longer than most; one with
 * a Read-After of every server that may have what it names, the write side at last. A write has an
 * Idempotency-Key, the client's or ours, so it is asked for until somebody knows what became of
 * it. What may be asked again is bounded by budgets, and all of it by one deadline. */
#ifndef ROLE_GATEWAY_FORWARD_FORWARD_H
#define ROLE_GATEWAY_FORWARD_FORWARD_H

#include "io/http/http_client.h"
#include "role/app.h"
#include "role/gateway/switch/toggle.h"

struct forwarder;

struct forward_options {
    const struct service *service;
    enum side side;
    struct str target; /* path and query for the server behind; copied */
    bool is_record;    /* one record, which the write side knows too */
    bool is_old;       /* refusals have the former system's shape */
};

/* Answers the request, now or later. */
void forward_request(struct forwarder *forwarder, struct http_request *request,
                     const struct forward_options *options);

#endif
