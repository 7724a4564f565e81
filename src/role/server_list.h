/* Lists of servers, as the settings have them:
 *
 *   10.0.0.7:8000, orders=db-3:8000, [fd00::7]:8000
 *
 * An entry with a service in front is for that one alone. Pure. */
#ifndef ROLE_SERVER_LIST_H
#define ROLE_SERVER_LIST_H

#include "base/str.h"

struct server_entry {
    struct str service; /* ptr NULL: none is named */
    struct str place;   /* "host:port" or "[v6]:port" */
};

/* Takes the next entry off `rest`, which is {NULL, 0} behind the last. False when it is none;
 * whether a name or a service is known shows later. */
bool server_list_next(struct str *rest, struct server_entry *out) must_check;

/* Is the host of a place an address, which need not be looked up? */
bool server_list_is_numeric(struct str place);

/* "host:port", with brackets where the host is an address of IPv6. */
enum { SERVER_PLACE_SIZE = 64 };
bool server_list_write_place(const char *host, int port, char out[SERVER_PLACE_SIZE]) must_check;

#endif
