#include "role/gateway/passing.h"

void passing_write_request(const struct http_request *request, struct buf *out)
{
    static const struct {
        struct str name;
    } passed[] = {
        {STR("accept")},           {STR("accept-encoding")}, {STR("content-type")},
        {STR("if-match")},         {STR("if-none-match")},   {STR("idempotency-key")},
        {STR("traceparent")},      {STR("x-actor")},         {STR("x-causation-id")},
        {STR("x-correlation-id")}, {STR("x-request-id")},
    };
    for (size_t i = 0; i < countof(passed); i++) {
        struct str value = http_request_header(request, passed[i].name);
        /* An empty one too: what it is worth is for the server behind to say. */
        if (value.ptr != NULL)
            buf_printf(out, STR_FMT ": " STR_FMT "\r\n", STR_ARG(passed[i].name), STR_ARG(value));
    }
}

void passing_read_answer(const struct http_answer_head *head, struct http_response *response)
{
    const struct http_header kept[] = {{"content-type", head->content_type},
                                       {"etag", head->etag},
                                       {"location", head->location},
                                       {"allow", head->allow},
                                       {"retry-after", head->retry_after},
                                       {"idempotent-replayed", head->replayed},
                                       {"replica-lag-ms", head->replica_lag_ms},
                                       {"read-after", head->read_after},
                                       {"age", head->age},
                                       {"content-encoding", head->content_encoding},
                                       {"vary", head->vary},
                                       {"link", head->link}};
    size_t count = 0;
    static_assert(countof(kept) <= HTTP_HEADERS_MAX, "there is room for each");
    *response = (struct http_response){.status = head->status};
    for (size_t i = 0; i < countof(kept); i++)
        if (kept[i].value.len > 0)
            response->headers[count++] = kept[i];
}
