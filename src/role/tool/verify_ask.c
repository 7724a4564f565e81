#include "role/tool/verify_ask.h"

#include <stdio.h>

static void on_answer(void *arg, const struct http_outcome *outcome)
{
    struct verify_server *server = arg;
    char mistake[JSON_MISTAKE_SIZE];
    server->verify->waiting--;
    if (outcome->status == STATUS_OK && outcome->head.status == 200)
        server->answer = json_parse(outcome->body, mistake);
    if (outcome->status != STATUS_OK)
        snprintf(server->fault, sizeof(server->fault), "%s",
                 status_info(outcome->status)->sentence);
    else if (server->answer == NULL)
        snprintf(server->fault, sizeof(server->fault), "it answers %d", outcome->head.status);
}

void verify_ask(struct verify_server *server, const struct verify_range *range)
{
    enum { CONNECT_MS = 2000, ANSWER_MS = 30000 };
    struct verify *verify = server->verify;
    char from[UUID_TEXT_SIZE], upto[UUID_TEXT_SIZE];
    struct buf target = {0};
    if (server->answer != NULL)
        json_free(&server->answer);
    server->answer = NULL;
    if (server->fault[0] != '\0')
        return;
    uuid_format(&range->from, from);
    uuid_format(&range->upto, upto);
    buf_printf(&target, "/checksums/%s/%s?from=%s&upto=%s&most=%d%s", verify->collection->service,
               verify->collection->name, from, upto, range->most,
               range->is_list ? "&list=true" : "");
    verify->waiting++;
    http_call(server->peer,
              &(struct http_call_options){.method = STR("GET"),
                                          .target = buf_str(&target),
                                          .headers = buf_str(&verify->headers),
                                          .connect_ms = CONNECT_MS,
                                          .total_ms = ANSWER_MS},
              on_answer, server);
    buf_free(&target);
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
