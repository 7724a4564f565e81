/* GET /ping on the service's port: may this server be asked? It is what a gateway's monitor wants
 * to know, a few times a second, so it costs a look at some flags.
 *
 *   200 {"status":"ready","role":"read"}                     with replica-lag-ms, of a reader
 *   503 {"status":"not ready","role":"read","why":"…"}
 *   503 {"status":"draining","role":"read","why":"…"} */
#ifndef ROLE_PRESENCE_PING_ANSWER_H
#define ROLE_PRESENCE_PING_ANSWER_H

#include "role/app.h"

/* request->arg is the app. True when it was that path. */
bool ping_answer_handle(struct http_request *request) must_check;

#endif
