/* Names of servers, looked up. Blocks, for as long as the resolver likes: not for a loop that
 * serves. */
#ifndef IO_HTTP_HTTP_RESOLVE_H
#define IO_HTTP_HTTP_RESOLVE_H

#include "io/http/http_peer.h"

enum { HTTP_PLACES_MAX = 64, HTTP_PLACE_SIZE = 64 };

/* Numeric addresses, as http_peer_open takes them. */
struct http_places {
    char names[HTTP_PLACES_MAX][HTTP_PLACE_SIZE];
    size_t count;
};

/* All addresses of `place`, "host:port" or "[v6]:port", that are of the family found first, each
 * once, in the resolver's order. False with a sentence in `mistake` when there is none. */
bool http_resolve(struct str place, struct http_places *out, char *mistake,
                  size_t mistake_size) must_check;

/* A peer at the first of them, with the name as it was given. */
struct http_peer *http_resolve_peer(struct loop *loop, struct str place, char *mistake,
                                    size_t mistake_size);

/* For the .c files of this folder alone: the resolver's list, for freeaddrinfo, with `flags` of
 * its own. NULL with what is wrong in `why_out`. */
struct addrinfo;
struct addrinfo *http_resolve_lookup(struct str place, int flags, const char **why_out);

#endif
