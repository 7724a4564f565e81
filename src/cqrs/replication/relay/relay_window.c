#include "cqrs/replication/relay/relay_window.h"

#include <stdio.h>

#include "base/clock.h"

static bool fail(struct relay_window *window, struct str why)
{
    snprintf(window->why, sizeof(window->why), STR_FMT, STR_ARG(why));
    return false;
}

static bool judge_entry(struct relay_window *window, size_t at, const struct redis_reply *reply)
{
    switch (relay_stream_judge(window->stream, window->positions[at], reply)) {
    case RELAY_PUBLISHED:
        metric_add(window->published, 1);
        return true;
    case RELAY_WAS_THERE:
        return true;
    case RELAY_STREAM_LOST:
        if (relay_stream_is_not_above(reply) &&
            relay_stream_find(window->stream, window->redis, window->positions[at],
                              window->positions[window->count - 1]))
            return true;
        window->is_spoilt = true;
        return fail(window, STR("the stream was lost, or has an entry that is not ours"));
    case RELAY_REFUSED:
        metric_add(window->refused, 1);
        return fail(window, redis_reply_text(reply));
    }
    return false;
}

/* Behind one that was refused it hides that for ever, since ids only grow. */
static bool is_one_taken(const struct redis_reply *replies, size_t from)
{
    for (size_t i = from; i < redis_reply_count(replies); i++)
        if (redis_reply_kind(redis_reply_item(replies, i)) == REDIS_KIND_TEXT)
            return true;
    return false;
}

/* The answer to EXEC: a reply for each entry, every one of which is looked at. */
static bool judge_all(struct relay_window *window, const struct redis_reply *replies)
{
    if (redis_reply_count(replies) != window->count) {
        metric_add(window->refused, 1);
        return window->why[0] == '\0'
                   ? fail(window, STR("EXEC has another answer than was asked for"))
                   : false;
    }
    for (size_t i = 0; i < window->count; i++)
        if (!judge_entry(window, i, redis_reply_item(replies, i))) {
            window->is_spoilt = window->is_spoilt || is_one_taken(replies, i + 1);
            return false;
        }
    return true;
}

bool relay_window_close(struct relay_window *window)
{
    struct str exec[] = {STR("EXEC")};
    struct redis_reply *reply = NULL;
    if (window->count == 0)
        return true;
    redis_conn_queue(window->redis, exec, countof(exec));
    window->why[0] = '\0';
    /* "QUEUED" to each entry, and EXEC's own. The first error is the one that says what went wrong:
     * EXEC's only says that something did. */
    for (size_t i = 0; i < window->count + 1; i++) {
        redis_reply_free(&reply);
        reply = redis_conn_next(window->redis, 0);
        if (reply == NULL)
            return fail(window, str_from(redis_conn_fault(window->redis)));
        if (redis_reply_kind(reply) == REDIS_KIND_ERROR && window->why[0] == '\0')
            fail(window, redis_reply_text(reply));
    }
    bool is_fine = judge_all(window, reply);
    redis_reply_free(&reply);
    window->count = 0;
    window->closed_at = clock_monotonic();
    return is_fine;
}

/* Waits for the answer: where MULTI alone were refused, each entry would be for itself. */
static bool begin(struct relay_window *window)
{
    struct str multi[] = {STR("MULTI")};
    struct redis_reply *reply = redis_conn_command(window->redis, multi, countof(multi));
    bool is_begun = redis_reply_kind(reply) == REDIS_KIND_TEXT;
    if (reply == NULL)
        fail(window, str_from(redis_conn_fault(window->redis)));
    else if (!is_begun)
        fail(window, redis_reply_text(reply));
    if (reply != NULL && !is_begun)
        metric_add(window->refused, 1);
    redis_reply_free(&reply);
    return is_begun;
}

bool relay_window_add(struct relay_window *window, struct relay_stream *stream,
                      struct event_entry *entry)
{
    struct str words[EVENT_WORDS_MAX];
    bool has_room = window->count < RELAY_WINDOW_MAX && window->stream == stream;
    if (!has_room && !relay_window_close(window))
        return false;
    window->stream = stream;
    if (window->count == 0 && !begin(window))
        return false;
    entry->prev = relay_stream_follow(stream, entry->position);
    size_t count = event_write_xadd(entry, &window->scratch, words);
    redis_conn_queue(window->redis, words, count);
    window->positions[window->count++] = entry->position;
    return true;
}

void relay_window_free(struct relay_window *window)
{
    buf_free(&window->scratch);
}
