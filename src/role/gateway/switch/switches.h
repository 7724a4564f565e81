/* Switching a service's reads or writes off and on over HTTP, and showing what is on and who
 * changed it. What changes the gateway needs the cluster key, and so does the log of the changes.
 *
 * request->arg is the app. */
#ifndef ROLE_GATEWAY_SWITCH_SWITCHES_H
#define ROLE_GATEWAY_SWITCH_SWITCHES_H

#include "role/app.h"

/* /bulkhead/services/<service>/<reads|writes> shows and sets. */
void switches_handle(struct http_request *request);

/* /bulkhead/toggles/log */
void switches_show_log(struct http_request *request);

/* As the former system did it, for the one service that it had: NULL where no model has it. */
const struct service *switches_old_service(const struct app *app);
void switches_flip_old(struct http_request *request); /* POST /bulkhead/toggle/ */
void switches_show_old(struct http_request *request); /* GET /bulkhead/status/ */

#endif
