/* Any bytes as a traceparent: what goes on can be read, and goes on once more unchanged but for its
 * parent. Any bytes as a tracestate. */
#include "role/gateway/caller/trace_context.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint64_t trace[2] = {0, 0};
    struct str text = {(const char *)data, size};
    struct buf first = {0}, second = {0};
    trace_context_continue(text, trace, 1, &first);
    assert(first.len == TRACE_PARENT_LENGTH);
    bool is_continued = trace_context_continue(buf_str(&first), trace, 1, &second);
    assert(is_continued && str_equal(buf_str(&first), buf_str(&second)));
    assert(!trace_context_is_state(text) || (size > 0 && size <= TRACE_STATE_MAX));
    buf_free(&first);
    buf_free(&second);
    return 0;
}
