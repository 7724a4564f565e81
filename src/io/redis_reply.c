#include "io/redis_reply.h"

#include <hiredis/hiredis.h>

/* A server that says there are more is not believed. */
enum { ITEMS_MAX = 1 << 20 };

/* Most replies are a word. */
enum { FIRST_SIZE = 256, CHUNK_SIZE = 32 << 10 };

struct chunk {
    struct chunk *next;
    size_t used, size;
    max_align_t bytes[];
};

struct redis_reply {
    enum redis_kind kind;
    int64_t number;
    struct str text;
    struct redis_reply *items;
    size_t count;
    struct chunk **chunks; /* the whole's */
};

/* The whole: its root, and what every part of it lies in. */
struct whole {
    struct redis_reply root;
    struct chunk *chunks;
};

static void *take(struct chunk **chunks, size_t size)
{
    size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    struct chunk *chunk = *chunks;
    if (chunk == NULL || chunk->size - chunk->used < size) {
        size_t usual = chunk == NULL ? FIRST_SIZE : CHUNK_SIZE, room = size > usual ? size : usual;
        chunk = malloc(sizeof(*chunk) + room);
        if (chunk == NULL)
            abort();
        *chunk = (struct chunk){.next = *chunks, .size = room};
        *chunks = chunk;
    }
    void *place = (char *)chunk->bytes + chunk->used;
    chunk->used += size;
    return place;
}

/* hiredis tells of each part when it has read it, and first of the array that it is in. */
static struct redis_reply *make(const redisReadTask *task, enum redis_kind kind)
{
    struct redis_reply *reply;
    if (task->parent != NULL) {
        struct redis_reply *array = task->parent->obj;
        reply = &array->items[task->idx];
        *reply = (struct redis_reply){.kind = kind, .chunks = array->chunks};
    } else {
        struct whole *whole = mem_new(1, sizeof(*whole));
        whole->root = (struct redis_reply){.kind = kind, .chunks = &whole->chunks};
        reply = &whole->root;
    }
    return reply;
}

static void *on_text(const redisReadTask *task, char *text, size_t len)
{
    bool is_error = task->type == REDIS_REPLY_ERROR;
    struct redis_reply *reply = make(task, is_error ? REDIS_KIND_ERROR : REDIS_KIND_TEXT);
    char *copy = take(reply->chunks, len + 1);
    memcpy(copy, text, len);
    copy[len] = '\0';
    reply->text = (struct str){copy, len};
    return reply;
}

static void *on_array(const redisReadTask *task, int count)
{
    if (count > ITEMS_MAX)
        return NULL;
    struct redis_reply *reply = make(task, REDIS_KIND_ARRAY);
    reply->count = count > 0 ? (size_t)count : 0;
    reply->items = take(reply->chunks, reply->count * sizeof(*reply->items));
    memset(reply->items, 0, reply->count * sizeof(*reply->items));
    return reply;
}

static void *on_number(const redisReadTask *task, long long number)
{
    struct redis_reply *reply = make(task, REDIS_KIND_NUMBER);
    reply->number = number;
    return reply;
}

static void *on_nil(const redisReadTask *task)
{
    return make(task, REDIS_KIND_NIL);
}

static void on_free(void *arg)
{
    struct redis_reply *root = arg;
    redis_reply_free(&root);
}

void redis_reply_read_with(void *reader)
{
    static const redisReplyObjectFunctions functions = {on_text, on_array, on_number, on_nil,
                                                        on_free};
    /* hiredis takes them as not const and changes nothing. */
    ((redisReader *)reader)->fn = (redisReplyObjectFunctions *)(uintptr_t)&functions;
}

void redis_reply_free(struct redis_reply **reply)
{
    if (*reply == NULL)
        return;
    struct whole *whole = container_of(*reply, struct whole, root);
    while (whole->chunks != NULL) {
        struct chunk *next = whole->chunks->next;
        free(whole->chunks);
        whole->chunks = next;
    }
    free(whole);
    *reply = NULL;
}

enum redis_kind redis_reply_kind(const struct redis_reply *reply)
{
    return reply != NULL ? reply->kind : REDIS_KIND_NIL;
}

struct str redis_reply_text(const struct redis_reply *reply)
{
    return reply != NULL ? reply->text : (struct str){NULL, 0};
}

int64_t redis_reply_number(const struct redis_reply *reply)
{
    return reply != NULL ? reply->number : 0;
}

size_t redis_reply_count(const struct redis_reply *reply)
{
    return reply != NULL ? reply->count : 0;
}

const struct redis_reply *redis_reply_item(const struct redis_reply *reply, size_t index)
{
    return index < redis_reply_count(reply) ? &reply->items[index] : NULL;
}

/* Redis serialization protocol: https://redis.io/docs/latest/develop/reference/protocol-spec */
void redis_reply_write(const struct redis_reply *reply, struct buf *out)
{
    struct str text = redis_reply_text(reply);
    switch (redis_reply_kind(reply)) {
    case REDIS_KIND_TEXT:
        buf_printf(out, "$%zu\r\n", text.len);
        buf_append_str(out, text);
        buf_append_text(out, "\r\n");
        break;
    case REDIS_KIND_ARRAY:
        buf_printf(out, "*%zu\r\n", redis_reply_count(reply));
        for (size_t i = 0; i < redis_reply_count(reply); i++)
            redis_reply_write(redis_reply_item(reply, i), out);
        break;
    default:
        buf_append_text(out, "$-1\r\n");
    }
}

struct redis_reply *redis_reply_parse(struct str bytes)
{
    redisReader *reader = redisReaderCreate();
    void *reply = NULL;
    redis_reply_read_with(reader);
    bool is_read = redisReaderFeed(reader, bytes.ptr, bytes.len) == REDIS_OK &&
                   redisReaderGetReply(reader, &reply) == REDIS_OK;
    redisReaderFree(reader);
    return is_read ? reply : NULL;
}
