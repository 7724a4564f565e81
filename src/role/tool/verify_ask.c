#include "role/tool/verify_ask.h"

#include <stdio.h>

static void send(struct verify_server *server);

static void on_again(struct loop_timer *timer)
{
    send(container_of(timer, struct verify_server, again));
}

/* A database that has too much to do is asked again, for some seconds. */
static bool is_passing(struct verify_server *server, int http)
{
    enum { SETBACKS_MAX = 20, AGAIN_MS = 250 };
    if ((http != 503 && http != 504) || ++server->setbacks > SETBACKS_MAX)
        return false;
    server->again.fired = on_again;
    loop_timer_start(server->verify->loop, &server->again, AGAIN_MS);
    return true;
}

static void on_answer(void *arg, const struct http_outcome *outcome)
{
    struct verify_server *server = arg;
    char mistake[JSON_MISTAKE_SIZE];
    int http = outcome->status == STATUS_OK ? outcome->head.status : 0;
    if (is_passing(server, http))
        return;
    server->verify->waiting--;
    if (http == 200)
        server->answer = json_parse(outcome->body, mistake);
    if (server->answer != NULL)
        server->setbacks = 0;
    else if (http != 0)
        snprintf(server->fault, sizeof(server->fault), "it answers %d", http);
    else
        snprintf(server->fault, sizeof(server->fault), "%s",
                 status_info(outcome->status)->sentence);
}

static void send(struct verify_server *server)
{
    enum { CONNECT_MS = 2000, ANSWER_MS = 30000 };
    const struct verify *verify = server->verify;
    const struct verify_range *range = &server->range;
    char from[UUID_TEXT_SIZE], upto[UUID_TEXT_SIZE];
    struct buf target = {0};
    uuid_format(&range->from, from);
    uuid_format(&range->upto, upto);
    buf_printf(&target, "/checksums/%s/%s?from=%s&upto=%s&most=%d%s", verify->collection->service,
               verify->collection->name, from, upto, range->most,
               range->is_list ? "&list=true" : "");
    http_call(server->peer,
              &(struct http_call_options){.method = STR("GET"),
                                          .target = buf_str(&target),
                                          .headers = buf_str(&verify->headers),
                                          .connect_ms = CONNECT_MS,
                                          .total_ms = ANSWER_MS},
              on_answer, server);
    buf_free(&target);
}

void verify_ask(struct verify_server *server, const struct verify_range *range)
{
    if (server->answer != NULL)
        json_free(&server->answer);
    server->answer = NULL;
    server->range = *range;
    if (server->fault[0] != '\0')
        return;
    server->verify->waiting++;
    send(server);
}

void verify_await(struct verify *verify)
{
    enum { TURN_MS = 100 };
    while (verify->waiting > 0)
        loop_turn(verify->loop, TURN_MS);
}

bool verify_ask_write(struct verify *verify, const struct verify_range *range)
{
    verify_ask(&verify->write, range);
    verify_await(verify);
    return verify->write.answer != NULL;
}

bool verify_is_full(const struct verify *verify, const struct verify_range *range)
{
    return json_find_integer(verify->write.answer, "count", 0) >= range->most;
}

struct uuid verify_end_of(const struct verify *verify, const struct verify_range *range)
{
    struct uuid last;
    struct str text = json_find_text(verify->write.answer, "last", STR(""));
    return verify_is_full(verify, range) && uuid_parse(text, &last) ? last : range->upto;
}
