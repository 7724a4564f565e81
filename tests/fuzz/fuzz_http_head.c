/* Any bytes as a request's head and as an answer's: what is taken is one that we can vouch for. */
#include "io/http/http_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str raw = {(const char *)data, size};
    struct http_answer_head answer;
    const char *why = "";
    enum status status = http_head_check(raw, &why);
    assert((status == STATUS_OK) == (why == NULL));
    int whole = http_head_parse_answer(raw, &answer);
    assert(whole >= -1 && whole <= 1);
    if (whole == 1)
        assert(answer.head_bytes <= size && answer.content_length >= -1 && answer.status >= 0);
    return 0;
}
