#include "fake/redis_conn.h"

struct redis_reply {
    enum redis_kind kind;
    struct buf text;
    int64_t number;
    struct redis_reply **items;
    size_t count;
};

static struct redis_reply *reply_of(enum redis_kind kind, struct str text)
{
    struct redis_reply *reply = mem_new(1, sizeof(*reply));
    reply->kind = kind;
    buf_append_str(&reply->text, text);
    return reply;
}

struct redis_reply *fake_redis_text(struct str text)
{
    return reply_of(REDIS_KIND_TEXT, text);
}

struct redis_reply *fake_redis_array(struct redis_reply *const *items, size_t count)
{
    struct redis_reply *reply = reply_of(REDIS_KIND_ARRAY, STR(""));
    reply->items = mem_new(count, sizeof(struct redis_reply *));
    for (size_t i = 0; i < count; i++)
        reply->items[reply->count++] = items[i];
    return reply;
}

static struct redis_reply *array_of(struct str texts)
{
    struct redis_reply *items[64];
    size_t count = 0;
    while (texts.len > 0) {
        assert(count < countof(items));
        items[count++] = fake_redis_text(str_cut(&texts, ','));
    }
    return fake_redis_array(items, count);
}

struct redis_reply *fake_redis_reply(const char *text)
{
    struct str rest = str_from(text + 1);
    switch (text[0]) {
    case '+':
        return fake_redis_text(rest);
    case '_':
        return reply_of(REDIS_KIND_NIL, STR(""));
    case '-':
        return reply_of(REDIS_KIND_ERROR, rest);
    case '*':
        return array_of(rest);
    default:
        assert(text[0] == ':');
        struct redis_reply *reply = reply_of(REDIS_KIND_NUMBER, STR(""));
        bool is_number = str_to_int64(rest, &reply->number);
        assert(is_number);
        return reply;
    }
}

void redis_reply_free(struct redis_reply **reply)
{
    if (*reply == NULL)
        return;
    for (size_t i = 0; i < (*reply)->count; i++)
        redis_reply_free(&(*reply)->items[i]);
    free((*reply)->items);
    buf_free(&(*reply)->text);
    free(*reply);
    *reply = NULL;
}

enum redis_kind redis_reply_kind(const struct redis_reply *reply)
{
    return reply->kind;
}

struct str redis_reply_text(const struct redis_reply *reply)
{
    bool has_text = reply->kind == REDIS_KIND_TEXT || reply->kind == REDIS_KIND_ERROR;
    return has_text ? buf_str(&reply->text) : (struct str){NULL, 0};
}

int64_t redis_reply_number(const struct redis_reply *reply)
{
    return reply->number;
}

size_t redis_reply_count(const struct redis_reply *reply)
{
    return reply->count;
}

const struct redis_reply *redis_reply_item(const struct redis_reply *reply, size_t index)
{
    assert(index < reply->count);
    return reply->items[index];
}

void redis_conn_queue(struct redis_conn *conn, const struct str *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_append_text(&conn->said, i == 0 ? "" : " ");
        buf_append_str(&conn->said, words[i]);
    }
    buf_append_char(&conn->said, '\n');
}

struct redis_reply *redis_conn_next(struct redis_conn *conn, msec_t wait)
{
    (void)wait;
    assert(conn->next < FAKE_REPLIES_MAX);
    const char *reply = conn->replies[conn->next++];
    return reply == NULL || reply[0] == '\0' ? NULL : fake_redis_reply(reply);
}

struct redis_reply *redis_conn_command(struct redis_conn *conn, const struct str *words,
                                       size_t count)
{
    redis_conn_queue(conn, words, count);
    return redis_conn_next(conn, 0);
}

const char *redis_conn_fault(const struct redis_conn *conn)
{
    (void)conn;
    return "the script is at its end";
}
