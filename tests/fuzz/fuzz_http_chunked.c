/* Any bytes as a chunked body: read at once and byte by byte it comes to the same. */
#include "base/buf.h"
#include "io/http/http_chunked.h"

static int decode(const uint8_t *data, size_t size, size_t step, struct buf *out)
{
    struct http_chunked chunked = {0};
    for (size_t at = 0; at < size && chunked.state < CHUNKED_DONE; at += step) {
        struct str rest = {(const char *)data + at, size - at < step ? size - at : step}, piece;
        while ((piece = http_chunked_next(&chunked, &rest)).len > 0)
            buf_append_str(out, piece);
        assert(rest.len == 0 || chunked.state >= CHUNKED_DONE);
    }
    return chunked.state;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole = {0}, pieces = {0};
    int end = decode(data, size, size + 1, &whole);
    assert(decode(data, size, 1, &pieces) == end);
    assert(str_equal(buf_str(&whole), buf_str(&pieces)) && whole.len <= size);
    buf_free(&whole);
    buf_free(&pieces);
    return 0;
}
