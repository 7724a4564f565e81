/* Any bytes as an If-None-Match: they can be read, and a tag put in front of them is found. */
#include "base/buf.h"
#include "io/http/http_tag.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str tag = STR("\"7\"");
    struct buf list = {0};
    (void)http_tag_is_among((struct str){(const char *)data, size}, tag);
    buf_append_text(&list, "\"7\",");
    buf_append(&list, data, size);
    assert(http_tag_is_among(buf_str(&list), tag));
    buf_free(&list);
    return 0;
}
