#include "role/gateway/forward/passage.h"

#include "io/http/http_source.h"
#include "io/http/http_stream.h"

/* Lifetime: until both sides are gone. */
struct passage {
    struct http_source *source; /* NULL once it has ended */
    struct http_stream *stream; /* NULL once it has gone */
    struct buf held;            /* from the server, not written yet */
    struct buf written;         /* the write under way */
    enum status status;
    passage_done_fn *done;
    void *arg;
    struct loop_defer end;
};

static void finish_if_over(struct passage *passage)
{
    if (passage->source != NULL || passage->stream != NULL)
        return;
    passage->done(passage->arg, passage->status);
    buf_free(&passage->held);
    buf_free(&passage->written);
    free(passage);
}

static void on_over(struct loop_defer *defer)
{
    finish_if_over(container_of(defer, struct passage, end));
}

static void flush(struct passage *passage)
{
    if (passage->stream == NULL || !http_stream_is_ready(passage->stream))
        return;
    if (passage->held.len > 0) {
        struct buf spare = passage->written;
        passage->written = passage->held;
        passage->held = spare;
        buf_reset(&passage->held);
        struct str bytes = buf_str(&passage->written);
        http_stream_write(passage->stream, &bytes, 1);
    } else if (passage->source == NULL) {
        http_stream_end(passage->stream, STR(""));
    }
}

/* From the server */

static void on_bytes(void *arg, struct str bytes)
{
    struct passage *passage = arg;
    buf_append_str(&passage->held, bytes);
    flush(passage);
    if (passage->held.len > 0)
        http_source_pause(passage->source);
}

static void on_end(void *arg, enum status status)
{
    struct passage *passage = arg;
    passage->source = NULL;
    if (passage->status == STATUS_OK)
        passage->status = status;
    if (status == STATUS_OK)
        flush(passage);
    else if (passage->stream != NULL)
        http_stream_cut(passage->stream);
    finish_if_over(passage);
}

/* From the client */

static void on_ready(void *arg)
{
    struct passage *passage = arg;
    buf_reset(&passage->written);
    flush(passage);
    if (passage->source != NULL)
        http_source_resume(passage->source);
}

static bool has_all(const struct passage *passage)
{
    return passage->source == NULL && passage->held.len == 0 && passage->written.len == 0;
}

static void on_gone(void *arg)
{
    struct passage *passage = arg;
    passage->stream = NULL;
    if (passage->status == STATUS_OK && !has_all(passage))
        passage->status = STATUS_CANCELLED;
    if (passage->source != NULL)
        http_source_close(passage->source);
    finish_if_over(passage);
}

/* Beginning */

static void start_stream(struct passage *passage, struct http_request *request,
                         const struct http_response *response, struct http_source *rest,
                         const struct passage_options *options)
{
    static const struct http_source_events source_events = {.on_bytes = on_bytes, .on_end = on_end};
    static const struct http_stream_events stream_events = {on_ready, on_gone};
    passage->source = rest;
    http_source_read(rest, options->silence_ms, &source_events, passage);
    passage->stream = http_stream_start(request, response, options->loop, &stream_events, passage);
    if (passage->stream != NULL)
        return;
    passage->status = STATUS_CANCELLED;
    http_source_close(rest);
}

void passage_start(struct http_request *request, const struct http_response *response,
                   struct http_source *rest, const struct passage_options *options)
{
    struct passage *passage = mem_new(1, sizeof(*passage));
    struct http_response whole = *response;
    *passage = (struct passage){.done = options->done, .arg = options->arg, .end.run = on_over};
    whole.body = STR("");
    whole.length = http_source_length(rest);
    bool is_head = !request->is_gone && str_equal(request->method, STR("HEAD"));
    if (!is_head) {
        start_stream(passage, request, &whole, rest, options);
        return;
    }
    /* A rest that nobody reads is closed. */
    http_reply(request, &whole);
    loop_defer(options->loop, &passage->end);
}
