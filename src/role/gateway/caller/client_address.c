#include "role/gateway/caller/client_address.h"

#include <arpa/inet.h>

enum { V4_BITS = 96, V4_BYTES = V4_BITS / 8, ALL_BITS = 128 };

static const uint8_t v4_prefix[V4_BYTES] = {[10] = 0xff, [11] = 0xff};

static bool is_v4(const struct client_address *address)
{
    return memcmp(address->bytes, v4_prefix, sizeof(v4_prefix)) == 0;
}

/* Without a port. */
static bool parse_plain(struct str text, struct client_address *out)
{
    char copy[INET6_ADDRSTRLEN];
    if (text.len == 0 || text.len >= sizeof(copy) || memchr(text.ptr, '\0', text.len) != NULL)
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    memcpy(out->bytes, v4_prefix, sizeof(v4_prefix));
    return inet_pton(AF_INET, copy, out->bytes + V4_BYTES) == 1 ||
           inet_pton(AF_INET6, copy, out->bytes) == 1;
}

static bool is_port(struct str text)
{
    int64_t port;
    return text.len <= 5 && str_to_int64(text, &port) && port >= 0 && port <= 65535;
}

bool client_address_parse(struct str text, struct client_address *out)
{
    struct str rest = text;
    bool has_brackets = str_starts_with(text, STR("["));
    struct str host = str_cut(&rest, has_brackets ? ']' : ':');
    if (has_brackets && rest.ptr != NULL) {
        bool is_closed = rest.len == 0 ||
                         (rest.ptr[0] == ':' && is_port((struct str){rest.ptr + 1, rest.len - 1}));
        return is_closed && parse_plain((struct str){host.ptr + 1, host.len - 1}, out) &&
               memchr(host.ptr, ':', host.len) != NULL;
    }
    return parse_plain(text, out) ||
           (is_port(rest) && parse_plain(host, out) && memchr(host.ptr, '.', host.len) != NULL);
}

void client_address_append(const struct client_address *address, struct buf *out)
{
    char text[INET6_ADDRSTRLEN], *end = text;
    if (!is_v4(address)) {
        buf_append_text(out, inet_ntop(AF_INET6, address->bytes, text, sizeof(text)));
        return;
    }
    for (size_t i = V4_BYTES; i < sizeof(address->bytes); i++) {
        unsigned byte = address->bytes[i];
        if (byte >= 100)
            *end++ = (char)('0' + byte / 100);
        if (byte >= 10)
            *end++ = (char)('0' + byte / 10 % 10);
        *end++ = (char)('0' + byte % 10);
        *end++ = '.';
    }
    buf_append(out, text, (size_t)(end - text) - 1);
}

/* Trust */

static bool has_same_start(const struct client_address *a, const struct client_address *b,
                           unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    return memcmp(a->bytes, b->bytes, whole) == 0 &&
           (rest == 0 || (a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest) == 0);
}

/* A base with bits beyond the length is most likely a mistake in either. */
static bool has_end(const struct address_range *range)
{
    for (unsigned bit = range->bits; bit < ALL_BITS; bit++)
        if ((range->base.bytes[bit / 8] >> (7 - bit % 8) & 1) != 0)
            return true;
    return false;
}

static bool parse_range(struct str text, struct address_range *out)
{
    int64_t bits = ALL_BITS;
    struct str base = str_cut(&text, '/');
    if (!parse_plain(base, &out->base))
        return false;
    bool is_short = memchr(base.ptr, ':', base.len) == NULL;
    if (text.ptr != NULL) {
        if (text.len > 3 || !str_to_int64(text, &bits) || bits < 0)
            return false;
        bits += is_short ? V4_BITS : 0;
    }
    out->bits = (unsigned)bits;
    return bits <= ALL_BITS && !has_end(out);
}

bool trusted_proxies_parse(const char *list, struct trusted_proxies *out, struct buf *mistake)
{
    struct str rest = str_from(list);
    out->count = 0;
    while (rest.ptr != NULL) {
        struct str entry = str_trim(str_cut(&rest, ','));
        if (out->count == TRUSTED_PROXIES_MAX) {
            buf_printf(mistake, "must not be more than %d", TRUSTED_PROXIES_MAX);
            return false;
        }
        if (!parse_range(entry, &out->ranges[out->count++])) {
            buf_printf(mistake,
                       "must be addresses or networks like 10.0.0.0/8 or fd00::/8, separated by "
                       "commas, not \"" STR_FMT "\"",
                       STR_ARG(entry));
            return false;
        }
    }
    return true;
}

bool trusted_proxies_has(const struct trusted_proxies *proxies,
                         const struct client_address *address)
{
    for (size_t i = 0; i < proxies->count; i++) {
        const struct address_range *range = &proxies->ranges[i];
        /* "::/0" is all of IPv6, and nothing of IPv4. */
        if ((range->bits >= V4_BITS || !is_v4(address)) &&
            has_same_start(&range->base, address, range->bits))
            return true;
    }
    return false;
}

struct client_address client_address_find(const struct trusted_proxies *proxies,
                                          const struct client_address *peer,
                                          struct str forwarded_for)
{
    struct client_address found = *peer, next;
    while (forwarded_for.len > 0 && trusted_proxies_has(proxies, &found)) {
        const char *comma = memrchr(forwarded_for.ptr, ',', forwarded_for.len);
        const char *start = comma == NULL ? forwarded_for.ptr : comma + 1;
        const char *end = forwarded_for.ptr + forwarded_for.len;
        if (!client_address_parse(str_trim((struct str){start, (size_t)(end - start)}), &next))
            break;
        found = next;
        forwarded_for.len = comma == NULL ? 0 : (size_t)(comma - forwarded_for.ptr);
    }
    return found;
}

struct client_address client_address_site(const struct client_address *address)
{
    enum { SITE_BYTES = 8 };
    struct client_address site = *address;
    if (!is_v4(address))
        memset(site.bytes + SITE_BYTES, 0, sizeof(site.bytes) - SITE_BYTES);
    return site;
}
