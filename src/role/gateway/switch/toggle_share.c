#include "role/gateway/switch/toggle_share.h"

#include <stdio.h>

#include "role/gateway/switch/toggle_book.h"

/* The braces keep both on one node of a Redis Cluster. */
#define HEADS STR("mamparo:{toggles}:switches")
#define LOG   STR("mamparo:{toggles}:log")

/* Failing */

static bool fail(struct toggle_share *share, const struct redis_reply *reply)
{
    if (reply == NULL)
        snprintf(share->why, sizeof(share->why), "%s", redis_conn_fault(share->redis));
    else
        snprintf(share->why, sizeof(share->why), STR_FMT, STR_ARG(redis_reply_text(reply)));
    return false;
}

static bool is_error(const struct redis_reply *reply)
{
    return reply == NULL || redis_reply_kind(reply) == REDIS_KIND_ERROR;
}

/* NULL after noting why, where it is none or an error. */
static struct redis_reply *take_reply(struct toggle_share *share)
{
    struct redis_reply *reply = redis_conn_next(share->redis, 0);
    if (is_error(reply)) {
        fail(share, reply);
        redis_reply_free(&reply);
    }
    return reply;
}

/* Replies that need only not be errors. */
static bool pass_over(struct toggle_share *share, size_t count)
{
    bool is_fine = true;
    for (size_t i = 0; i < count && is_fine; i++) {
        struct redis_reply *reply = take_reply(share);
        is_fine = reply != NULL;
        redis_reply_free(&reply);
    }
    return is_fine;
}

/* Looking */

static void write_field(const struct service *service, enum side side, struct buf *out)
{
    buf_printf(out, "%s/%s", service->name, side_name(side));
}

static void queue_look(struct toggle_share *share)
{
    const struct model *model = share->model;
    size_t count = model->service_count * SIDE_COUNT;
    struct buf *fields = mem_new(count, sizeof(*fields));
    struct str *words = mem_new(count + 2, sizeof(*words));
    words[0] = STR("HMGET");
    words[1] = HEADS;
    for (size_t i = 0; i < count; i++) {
        write_field(&model->services[i / SIDE_COUNT], (enum side)(i % SIDE_COUNT), &fields[i]);
        words[i + 2] = buf_str(&fields[i]);
    }
    redis_conn_queue(share->redis, (struct str[]){STR("UNWATCH")}, 1);
    redis_conn_queue(share->redis, (struct str[]){STR("WATCH"), HEADS}, 2);
    redis_conn_queue(share->redis, (struct str[]){STR("ZCARD"), LOG}, 2);
    redis_conn_queue(share->redis, words, count + 2);
    for (size_t i = 0; i < count; i++)
        buf_free(&fields[i]);
    free(fields);
    free(words);
}

static bool take_item(struct toggle_share *share, const struct redis_reply *item,
                      struct toggle_change *out)
{
    if (redis_reply_kind(item) == REDIS_KIND_NIL)
        return false;
    bool is_taken = toggle_change_parse(share->model, redis_reply_text(item), out);
    share->unreadable += !is_taken;
    return is_taken;
}

static void take_heads(struct toggle_share *share, const struct redis_reply *reply,
                       struct toggle_changes *heads)
{
    size_t count = share->model->service_count * SIDE_COUNT;
    for (size_t i = 0; i < count; i++) {
        struct toggle_change change;
        if (!take_item(share, redis_reply_item(reply, i), &change))
            continue;
        if (toggle_place(share->model, change.service, change.side) == i)
            toggle_changes_add(heads, &change);
        else
            share->unreadable++; /* it stands in another's place */
    }
}

bool toggle_share_look(struct toggle_share *share, struct toggle_changes *heads)
{
    share->unreadable = 0;
    queue_look(share);
    struct redis_reply *size = pass_over(share, 2) ? take_reply(share) : NULL;
    struct redis_reply *reply = size != NULL ? take_reply(share) : NULL;
    bool is_fine = reply != NULL;
    share->line_count = redis_reply_number(size);
    if (is_fine)
        take_heads(share, reply, heads);
    redis_reply_free(&size);
    redis_reply_free(&reply);
    return is_fine;
}

bool toggle_share_read_log(struct toggle_share *share, struct toggle_changes *log)
{
    char last[16];
    snprintf(last, sizeof(last), "%d", TOGGLE_HISTORY_MAX - 1);
    struct str words[] = {STR("ZREVRANGE"), LOG, STR("0"), str_from(last)};
    redis_conn_queue(share->redis, words, countof(words));
    struct redis_reply *reply = take_reply(share);
    bool is_fine = reply != NULL;
    for (size_t i = 0; i < redis_reply_count(reply); i++) {
        struct toggle_change change;
        if (take_item(share, redis_reply_item(reply, i), &change))
            toggle_changes_add(log, &change);
    }
    redis_reply_free(&reply);
    return is_fine;
}

/* Storing */

static void queue_head(struct toggle_share *share, const struct toggle_change *change)
{
    struct buf field = {0}, text = {0};
    write_field(change->service, change->side, &field);
    toggle_change_write(change, &text);
    redis_conn_queue(share->redis,
                     (struct str[]){STR("HSET"), HEADS, buf_str(&field), buf_str(&text)}, 4);
    buf_free(&field);
    buf_free(&text);
}

static void queue_line(struct toggle_share *share, const struct toggle_change *change)
{
    struct buf score = {0}, text = {0};
    buf_append_number(&score, change->at);
    toggle_change_write(change, &text);
    redis_conn_queue(share->redis,
                     (struct str[]){STR("ZADD"), LOG, buf_str(&score), buf_str(&text)}, 4);
    buf_free(&score);
    buf_free(&text);
}

static void queue_cut(struct toggle_share *share)
{
    char first_kept[16];
    snprintf(first_kept, sizeof(first_kept), "%d", -TOGGLE_HISTORY_MAX - 1);
    struct str words[] = {STR("ZREMRANGEBYRANK"), LOG, STR("0"), str_from(first_kept)};
    redis_conn_queue(share->redis, words, countof(words));
}

static enum toggle_share_end end_of(struct toggle_share *share, const struct redis_reply *reply,
                                    size_t count)
{
    if (reply != NULL && redis_reply_kind(reply) == REDIS_KIND_NIL)
        return TOGGLE_SHARE_OUTRUN;
    bool is_fine = !is_error(reply) || fail(share, reply);
    for (size_t i = 0; i < count && is_fine; i++) {
        const struct redis_reply *item = redis_reply_item(reply, i);
        is_fine = !is_error(item) || fail(share, item);
    }
    return is_fine ? TOGGLE_SHARE_DONE : TOGGLE_SHARE_FAILED;
}

enum toggle_share_end toggle_share_store(struct toggle_share *share,
                                         const struct toggle_changes *heads,
                                         const struct toggle_changes *log)
{
    size_t count = heads->count + log->count + 1;
    redis_conn_queue(share->redis, (struct str[]){STR("MULTI")}, 1);
    for (size_t i = 0; i < heads->count; i++)
        queue_head(share, &heads->items[i]);
    for (size_t i = 0; i < log->count; i++)
        queue_line(share, &log->items[i]);
    queue_cut(share);
    redis_conn_queue(share->redis, (struct str[]){STR("EXEC")}, 1);
    if (!pass_over(share, 1 + count))
        return TOGGLE_SHARE_FAILED;
    struct redis_reply *reply = redis_conn_next(share->redis, 0);
    enum toggle_share_end end = end_of(share, reply, count);
    redis_reply_free(&reply);
    return end;
}
