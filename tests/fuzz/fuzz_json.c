/* Any bytes: refused with a mistake, or a tree whose text reads back as the same tree. */
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char mistake[JSON_MISTAKE_SIZE] = "";
    struct buf text = {0};
    struct json *json = json_parse((struct str){(const char *)data, size}, mistake);
    assert((json == NULL) == (mistake[0] != '\0'));
    if (json == NULL)
        return 0;
    json_write(json, &text);
    struct json *again = json_parse(buf_str(&text), mistake);
    assert(again != NULL && json_same(json, again));
    json_free(&again);
    json_free(&json);
    buf_free(&text);
    return 0;
}
