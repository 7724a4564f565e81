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

enum { ITEMS_MAX = 1024 };

static struct redis_reply *array_of(struct str texts)
{
    struct redis_reply *items[ITEMS_MAX];
    size_t count = 0;
    while (texts.len > 0) {
        assert(count < ITEMS_MAX);
        items[count++] = fake_redis_text(str_cut(&texts, ','));
    }
    return fake_redis_array(items, count);
}

static struct redis_reply *simple_reply(struct str line)
{
    struct str rest = {line.ptr + 1, line.len - 1};
    switch (line.ptr[0]) {
    case '+':
        return fake_redis_text(rest);
    case '_':
        return reply_of(REDIS_KIND_NIL, STR(""));
    case '-':
        return reply_of(REDIS_KIND_ERROR, rest);
    case '*':
        return array_of(rest);
    default:
        assert(line.ptr[0] == ':');
        struct redis_reply *reply =
            reply_of(REDIS_KIND_NUMBER, (struct str){line.ptr + 1, line.len - 1});
        bool is_number = str_to_int64(rest, &reply->number);
        assert(is_number);
        return reply;
    }
}

/* Takes the "9 " from "9 +text"; 1 where there is none. */
static size_t take_times(struct str *line)
{
    int64_t times;
    if (line->ptr[0] < '0' || line->ptr[0] > '9')
        return 1;
    bool is_number = str_to_int64(str_cut(line, ' '), &times);
    assert(is_number && times > 0);
    return (size_t)times;
}

static struct redis_reply *mixed_array(struct str lines)
{
    struct redis_reply *items[ITEMS_MAX];
    size_t count = 0;
    while (lines.len > 0) {
        struct str line = str_cut(&lines, '|');
        for (size_t times = take_times(&line); times > 0; times--) {
            assert(count < ITEMS_MAX);
            items[count++] = simple_reply(line);
        }
    }
    return fake_redis_array(items, count);
}

static struct redis_reply *reply_to(struct str line)
{
    if (line.ptr[0] == '[')
        return mixed_array((struct str){line.ptr + 1, line.len - 1});
    return simple_reply(line);
}

struct redis_reply *fake_redis_reply(const char *text)
{
    return reply_to(str_from(text));
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
    return reply == NULL ? REDIS_KIND_NIL : reply->kind;
}

struct str redis_reply_text(const struct redis_reply *reply)
{
    enum redis_kind kind = redis_reply_kind(reply);
    bool has_text = kind == REDIS_KIND_TEXT || kind == REDIS_KIND_ERROR;
    return has_text ? buf_str(&reply->text) : (struct str){NULL, 0};
}

int64_t redis_reply_number(const struct redis_reply *reply)
{
    int64_t number;
    return redis_reply_kind(reply) == REDIS_KIND_NUMBER &&
                   str_to_int64(buf_str(&reply->text), &number)
               ? number
               : 0;
}

size_t redis_reply_count(const struct redis_reply *reply)
{
    return reply == NULL ? 0 : reply->count;
}

const struct redis_reply *redis_reply_item(const struct redis_reply *reply, size_t index)
{
    return index < redis_reply_count(reply) ? reply->items[index] : NULL;
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
    const char *text = conn->replies[conn->next];
    if (text == NULL || text[0] == '\0') {
        conn->next++;
        return NULL;
    }
    struct str line = str_from(text);
    if (++conn->repeated == take_times(&line)) {
        conn->next++;
        conn->repeated = 0;
    }
    return reply_to(line);
}

struct redis_reply *redis_conn_command(struct redis_conn *conn, const struct str *words,
                                       size_t count)
{
    redis_conn_queue(conn, words, count);
    return redis_conn_next(conn, 0);
}

bool redis_conn_local_address(const struct redis_conn *conn, char out[REDIS_LOCAL_SIZE])
{
    (void)conn;
    strcpy(out, "10.0.0.7");
    return true;
}

const char *redis_conn_fault(const struct redis_conn *conn)
{
    (void)conn;
    return "the script is at its end";
}
