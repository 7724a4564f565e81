#include "role/server_list.h"

#include <arpa/inet.h>
#include <stdio.h>

/* Cuts "host:port" at its last colon; false when there is none, or no port behind it. */
static bool split(struct str place, struct str *host)
{
    int64_t port;
    const char *colon = place.len == 0 ? NULL : memrchr(place.ptr, ':', place.len);
    if (colon == NULL || colon == place.ptr)
        return false;
    *host = (struct str){place.ptr, (size_t)(colon - place.ptr)};
    struct str digits = {colon + 1, place.len - host->len - 1};
    return str_to_int64(digits, &port) && port >= 1 && port <= 65535;
}

bool server_list_next(struct str *rest, struct server_entry *out)
{
    struct str host, place = str_trim(str_cut(rest, ','));
    *out = (struct server_entry){.place = place};
    if (place.len > 0 && memchr(place.ptr, '=', place.len) != NULL) {
        out->service = str_cut(&place, '=');
        out->place = place;
        if (out->service.len == 0)
            return false;
    }
    return split(out->place, &host);
}

static bool is_address(int family, struct str host)
{
    struct in6_addr any;
    char text[INET6_ADDRSTRLEN];
    return (size_t)snprintf(text, sizeof(text), STR_FMT, STR_ARG(host)) < sizeof(text) &&
           inet_pton(family, text, &any) == 1;
}

bool server_list_is_numeric(struct str place)
{
    struct str host;
    if (!split(place, &host))
        return false;
    if (str_starts_with(host, STR("[")) && str_ends_with(host, STR("]")))
        return is_address(AF_INET6, (struct str){host.ptr + 1, host.len - 2});
    return is_address(AF_INET, host);
}

bool server_list_write_place(const char *host, int port, char out[SERVER_PLACE_SIZE])
{
    bool is_v6 = strchr(host, ':') != NULL;
    return snprintf(out, SERVER_PLACE_SIZE, "%s%s%s:%d", is_v6 ? "[" : "", host, is_v6 ? "]" : "",
                    port) < SERVER_PLACE_SIZE;
}
