/* Who asks, when proxies stand between: the last address of X-Forwarded-For that is not a trusted
 * proxy's, since what stands before it anybody can have written. Pure. */
#ifndef ROLE_GATEWAY_CALLER_CLIENT_ADDRESS_H
#define ROLE_GATEWAY_CALLER_CLIENT_ADDRESS_H

#include "base/buf.h"

/* Of IPv6; one of IPv4 as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2), however it was written. */
struct client_address {
    uint8_t bytes[16];
};

enum { TRUSTED_PROXIES_MAX = 64 };

/* Zeroed, nobody is trusted. */
struct trusted_proxies {
    size_t count;
    struct address_range {
        struct client_address base;
        unsigned bits;
    } ranges[TRUSTED_PROXIES_MAX];
};

/* "10.0.0.7" or "fd00::7", as proxies write it also with a port: "10.0.0.7:80", "[fd00::7]:80". */
bool client_address_parse(struct str text, struct client_address *out) must_check;

/* Without a port; IPv4 as such. */
void client_address_append(const struct client_address *address, struct buf *out);

/* "10.0.0.0/8, fd00::/8, 192.0.2.1"; NULL: nobody. False with a sentence in `mistake`. */
bool trusted_proxies_parse(const char *list, struct trusted_proxies *out,
                           struct buf *mistake) must_check;

bool trusted_proxies_has(const struct trusted_proxies *proxies,
                         const struct client_address *address);

/* `forwarded_for` is the header's list, of which nothing is believed unless `peer` is trusted.
 * Where an entry is no address, it is the proxy that wrote it; where all are trusted, the first. */
struct client_address client_address_find(const struct trusted_proxies *proxies,
                                          const struct client_address *peer,
                                          struct str forwarded_for);

/* The part that is one customer's: of IPv6 the first 64 bits, and zeros. */
struct client_address client_address_site(const struct client_address *address);

#endif
