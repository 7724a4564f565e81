/* Any bytes as an Accept-Encoding: what refuses gzip beside them counts. */
#include "base/buf.h"
#include "io/http/http_coding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf header = {0};
    (void)http_coding_prefers_gzip((struct str){(const char *)data, size});
    buf_append(&header, data, size);
    buf_append_text(&header, ",gzip;q=0");
    assert(!http_coding_prefers_gzip(buf_str(&header)));
    buf_free(&header);
    return 0;
}
