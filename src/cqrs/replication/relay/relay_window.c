#include "cqrs/replication/relay/relay_window.h"

#include <stdio.h>

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
        if (!judge_entry(window, i, redis_reply_item(replies, i)))
            return false;
    return true;
}

/* An entry that was taken behind one that was refused hides it for ever, since ids only grow. Not
 * so in a transaction; but where MULTI was refused too, each XADD was for itself. */
static void look_for_hole(struct relay_window *window, const struct redis_reply *reply,
                          bool *was_refused)
{
    bool is_taken = redis_reply_kind(reply) == REDIS_KIND_TEXT &&
                    !str_equal(redis_reply_text(reply), STR("QUEUED"));
    if (is_taken && *was_refused)
        window->is_spoilt = true;
    if (redis_reply_kind(reply) == REDIS_KIND_ERROR && !relay_stream_is_not_above(reply))
        *was_refused = true;
}

bool relay_window_close(struct relay_window *window)
{
    struct str exec[] = {STR("EXEC")};
    struct redis_reply *reply = NULL;
    bool was_refused = false;
    if (window->count == 0)
        return true;
    redis_conn_queue(window->redis, exec, countof(exec));
    window->why[0] = '\0';
    /* "OK" to MULTI, "QUEUED" to each entry, and EXEC's own. The first error is the one that says
     * what went wrong: EXEC's only says that something did. */
    for (size_t i = 0; i < window->count + 2; i++) {
        redis_reply_free(&reply);
        reply = redis_conn_next(window->redis, 0);
        if (reply == NULL)
            return fail(window, str_from(redis_conn_fault(window->redis)));
        if (redis_reply_kind(reply) == REDIS_KIND_ERROR && window->why[0] == '\0')
            fail(window, redis_reply_text(reply));
        if (i > 0 && i <= window->count)
            look_for_hole(window, reply, &was_refused);
    }
    for (size_t i = 0; i < redis_reply_count(reply); i++)
        look_for_hole(window, redis_reply_item(reply, i), &was_refused);
    bool is_fine = judge_all(window, reply);
    redis_reply_free(&reply);
    window->count = 0;
    return is_fine;
}

bool relay_window_add(struct relay_window *window, struct relay_stream *stream,
                      struct event_entry *entry)
{
    struct str multi[] = {STR("MULTI")}, words[EVENT_WORDS_MAX];
    bool has_room = window->count < RELAY_WINDOW_MAX && window->stream == stream;
    if (!has_room && !relay_window_close(window))
        return false;
    window->stream = stream;
    if (window->count == 0)
        redis_conn_queue(window->redis, multi, countof(multi));
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
