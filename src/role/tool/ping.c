#include "role/tool/ping.h"

#include <stdio.h>

#include "base/buf.h"
#include "io/http/http_client.h"
#include "io/http/http_resolve.h"

enum { EXIT_FAILED = 1, EXIT_USAGE = 64, EXIT_CONFIG = 78, CONNECT_MS = 1000, ANSWER_MS = 2000 };

struct ping {
    const char *place, *path;
    bool is_well;
};

static bool is_set(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* A listener on every address is asked over loopback. */
static void write_place(const char *listen, const char *admin_port, struct buf *out)
{
    const char *host = is_set(listen) ? listen : "127.0.0.1";
    if (strcmp(host, "0.0.0.0") == 0)
        host = "127.0.0.1";
    else if (strcmp(host, "::") == 0)
        host = "::1";
    buf_printf(out, strchr(host, ':') != NULL ? "[%s]:%s" : "%s:%s", host,
               is_set(admin_port) ? admin_port : "8100");
}

static void on_answer(void *arg, const struct http_outcome *outcome)
{
    struct ping *ping = arg;
    ping->is_well = outcome->status == STATUS_OK && outcome->head.status == 200;
    if (ping->is_well)
        printf(STR_FMT "\n", STR_ARG(outcome->body));
    else if (outcome->status == STATUS_OK)
        fprintf(stderr, "mamparo ping: %s%s answers %d: " STR_FMT "\n", ping->place, ping->path,
                outcome->head.status, STR_ARG(outcome->body));
    else
        fprintf(stderr, "mamparo ping: %s: %s\n", ping->place,
                status_info(outcome->status)->sentence);
}

static int ask(struct ping *ping)
{
    char why[256];
    struct http_peer *peer = http_resolve_peer(loop_new(), str_from(ping->place), why, sizeof(why));
    if (peer == NULL) {
        fprintf(stderr, "mamparo ping: LISTEN, ADMIN_PORT: %s\n", why);
        return EXIT_CONFIG;
    }
    http_call_and_wait(peer,
                       &(struct http_call_options){.method = STR("GET"),
                                                   .target = str_from(ping->path),
                                                   .connect_ms = CONNECT_MS,
                                                   .total_ms = ANSWER_MS},
                       on_answer, ping);
    return ping->is_well ? 0 : EXIT_FAILED;
}

int ping_run(int count, char **words)
{
    bool is_live = count == 1 && strcmp(words[0], "--live") == 0;
    struct buf place = {0};
    if (count > 0 && !is_live) {
        fputs(
            "usage: mamparo ping [--live]\n"
            "  Asks the server that LISTEN and ADMIN_PORT name whether it can do its job now, or\n"
            "  with --live only whether its loops turn; 0 is yes, 1 is no\n",
            stderr);
        return EXIT_USAGE;
    }
    write_place(getenv("LISTEN"), getenv("ADMIN_PORT"), &place);
    struct ping ping = {.place = place.ptr, .path = is_live ? "/livez" : "/readyz"};
    int result = ask(&ping);
    buf_free(&place);
    return result;
}
