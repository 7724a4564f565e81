#include "io/http/http_resolve.h"

#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>

static bool is_port(const char *text)
{
    int64_t port;
    return str_to_int64(str_from(text), &port) && port > 0 && port <= 65535;
}

struct addrinfo *http_resolve_lookup(struct str place, int flags, const char **why_out)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | flags};
    struct addrinfo *found = NULL;
    char *copy = mem_copy(place.ptr, place.len), *colon = strrchr(copy, ':');
    *why_out = "there is no port";
    if (colon != NULL && is_port(colon + 1)) {
        bool has_brackets = copy[0] == '[' && colon > copy + 1 && colon[-1] == ']';
        colon[has_brackets ? -1 : 0] = '\0';
        *why_out = gai_strerror(getaddrinfo(copy + has_brackets, colon + 1, &hints, &found));
    }
    free(copy);
    return found;
}

/* What does not fit has a scope, and is no address for another machine to know. */
static bool write_place(const struct addrinfo *found, char out[HTTP_PLACE_SIZE])
{
    char host[NI_MAXHOST], port[NI_MAXSERV];
    if (getnameinfo(found->ai_addr, found->ai_addrlen, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return false;
    bool is_v6 = found->ai_family == AF_INET6;
    int length = snprintf(out, HTTP_PLACE_SIZE, is_v6 ? "[%s]:%s" : "%s:%s", host, port);
    return length < HTTP_PLACE_SIZE;
}

static bool has_place(const struct http_places *places, const char *name)
{
    for (size_t i = 0; i < places->count; i++)
        if (strcmp(places->names[i], name) == 0)
            return true;
    return false;
}

static void take_places(const struct addrinfo *found, struct http_places *out)
{
    int family = found->ai_family;
    for (; found != NULL && out->count < HTTP_PLACES_MAX; found = found->ai_next) {
        char *name = out->names[out->count];
        if (found->ai_family == family && write_place(found, name) && !has_place(out, name))
            out->count++;
    }
}

bool http_resolve(struct str place, struct http_places *out, char *mistake, size_t mistake_size)
{
    const char *why;
    struct addrinfo *found = http_resolve_lookup(place, 0, &why);
    out->count = 0;
    if (found != NULL) {
        take_places(found, out);
        freeaddrinfo(found);
        why = "it has no address";
    }
    if (out->count == 0)
        snprintf(mistake, mistake_size, "\"" STR_FMT "\" is no host:port that can be reached: %s",
                 STR_ARG(place), why);
    return out->count > 0;
}

struct http_peer *http_resolve_peer(struct loop *loop, struct str place, char *mistake,
                                    size_t mistake_size)
{
    struct http_places places;
    if (!http_resolve(place, &places, mistake, mistake_size))
        return NULL;
    struct http_peer *peer = http_peer_open(loop, str_from(places.names[0]), mistake, mistake_size);
    if (peer != NULL)
        http_peer_set_name(peer, place);
    return peer;
}
