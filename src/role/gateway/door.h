/* Whom the gateway lets in: nobody who has been here already, and nobody more often than
 * RATE_LIMIT allows. */
#ifndef ROLE_GATEWAY_DOOR_H
#define ROLE_GATEWAY_DOOR_H

#include "role/app.h"

struct door; /* lifetime: its loop's */

struct door *door_new(struct app *app);

/* False: it has answered 508, or 429 with the seconds after which the client may come. */
bool door_admit(struct door *door, struct http_request *request) must_check;

#endif
