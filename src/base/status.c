#include "base/status.h"

static const struct status_info table[] = {
#define STATUS_LINE(name, http, repeat, reason, sentence)                                          \
    [STATUS_##name] = {#name, http, REPEAT_##repeat, reason, sentence},
    STATUS_TABLE(STATUS_LINE)
#undef STATUS_LINE
};

const struct status_info *status_info(enum status status)
{
    assert(status < countof(table));
    return &table[status];
}

const char *status_http_phrase(int http)
{
    static const struct {
        int http;
        const char *phrase;
    } phrases[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {422, "Unprocessable Content"},
        {424, "Failed Dependency"},
        {428, "Precondition Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {499, "Client Closed Request"},
        {500, "Internal Server Error"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {508, "Loop Detected"},
    };
    for (size_t i = 0; i < countof(phrases); i++)
        if (phrases[i].http == http)
            return phrases[i].phrase;
    return "Unknown";
}
