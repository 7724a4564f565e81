#include "model/openapi/literal.h"

#include <stdarg.h>
#include <stdio.h>

struct json *literal_json(const char *format, ...)
{
    char *text, mistake[JSON_MISTAKE_SIZE];
    va_list args;
    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    if (len < 0)
        abort(); /* no memory */
    for (char *c = text; *c != '\0'; c++)
        if (*c == '\'')
            *c = '"';
    struct json *json = json_parse((struct str){text, (size_t)len}, mistake);
    assert(json != NULL);
    free(text);
    return json;
}

void literal_join(struct json *to, struct json *from)
{
    for (struct json_member m = json_first(from); m.key != NULL; m = json_next(from, m))
        json_put(to, m.key, json_share(m.value));
    json_free(&from);
}
