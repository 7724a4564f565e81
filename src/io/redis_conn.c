#include "io/redis_conn.h"

#include <hiredis/hiredis.h>
#include <netdb.h>
#include <stdio.h>

#include "base/base.h"

enum { DEADLINE_MS = 3000 };

struct redis_conn {
    redisContext *context;
    msec_t deadline;
    msec_t patience;    /* how long the socket waits now; 0: not set yet */
    struct buf command; /* the one that is being written */
    char fault[200];
};

struct place {
    char host[256], user[128], password[256];
    int64_t port, database;
};

static bool copy_to(char *out, size_t size, struct str text)
{
    return (size_t)snprintf(out, size, STR_FMT, STR_ARG(text)) < size;
}

static bool parse_url(struct str url, struct place *out)
{
    static const struct str scheme = {"redis://", 8};
    *out = (struct place){.port = 6379};
    if (!str_starts_with(url, scheme))
        return false;
    struct str rest = {url.ptr + scheme.len, url.len - scheme.len};
    struct str authority = str_cut(&rest, '/');
    const char *at = authority.len == 0 ? NULL : memrchr(authority.ptr, '@', authority.len);
    if (at != NULL) {
        struct str secret = {authority.ptr, (size_t)(at - authority.ptr)};
        authority = (struct str){at + 1, authority.len - secret.len - 1};
        struct str user = str_cut(&secret, ':');
        if (!copy_to(out->user, sizeof(out->user), user) ||
            !copy_to(out->password, sizeof(out->password), secret))
            return false;
    }
    struct str host = str_cut(&authority, ':');
    return host.len > 0 && copy_to(out->host, sizeof(out->host), host) &&
           (authority.len == 0 || str_to_int64(authority, &out->port)) &&
           (rest.len == 0 || str_to_int64(rest, &out->database));
}

/* True unless the server refused. */
static bool greet(struct redis_conn *conn, const struct str *words, size_t count)
{
    struct redis_reply *reply = redis_conn_command(conn, words, count);
    bool is_fine = reply != NULL && redis_reply_kind(reply) != REDIS_KIND_ERROR;
    if (reply != NULL && !is_fine)
        copy_to(conn->fault, sizeof(conn->fault), redis_reply_text(reply));
    redis_reply_free(&reply);
    return is_fine;
}

static bool log_in(struct redis_conn *conn, const struct place *place)
{
    char database[24];
    struct str user = str_from(place->user), password = str_from(place->password);
    struct str with_user[] = {STR("AUTH"), user, password};
    struct str without[] = {STR("AUTH"), password};
    struct str choose[] = {STR("SELECT"), {database, 0}};
    choose[1].len =
        (size_t)snprintf(database, sizeof(database), "%lld", (long long)place->database);
    if (password.len > 0 && !(user.len > 0 ? greet(conn, with_user, 3) : greet(conn, without, 2)))
        return false;
    return place->database == 0 || greet(conn, choose, 2);
}

static struct timeval to_timeval(msec_t ms)
{
    return (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}

struct redis_conn *redis_conn_open(const char *url, char *mistake, size_t mistake_size)
{
    return redis_conn_open_within(url, DEADLINE_MS, mistake, mistake_size);
}

struct redis_conn *redis_conn_open_within(const char *url, msec_t deadline, char *mistake,
                                          size_t mistake_size)
{
    struct place place;
    if (!parse_url(str_from(url), &place)) {
        snprintf(mistake, mistake_size, "the address is not redis://[[user]:password@]host[:port]");
        return NULL;
    }
    struct redis_conn *conn = mem_new(1, sizeof(*conn));
    conn->deadline = deadline;
    conn->context = redisConnectWithTimeout(place.host, (int)place.port, to_timeval(deadline));
    if (conn->context == NULL)
        abort();
    redis_reply_read_with(conn->context->reader);
    bool is_open = conn->context->err == 0;
    if (!is_open) {
        snprintf(conn->fault, sizeof(conn->fault), "%s", conn->context->errstr);
    } else {
        redisEnableKeepAlive(conn->context);
        is_open = log_in(conn, &place);
    }
    if (!is_open) {
        snprintf(mistake, mistake_size, "%s", conn->fault);
        redis_conn_close(&conn);
    }
    return conn;
}

void redis_conn_close(struct redis_conn **conn)
{
    if (*conn == NULL)
        return;
    redisFree((*conn)->context);
    buf_free(&(*conn)->command);
    free(*conn);
    *conn = NULL;
}

enum { LINE_END = 2, COUNT_SIZE = 1 + STR_NUMBER_SIZE + LINE_END };

static char *put(char *out, struct str text)
{
    if (text.len > 0)
        memcpy(out, text.ptr, text.len);
    return out + text.len;
}

static char *put_number(char *out, size_t number)
{
    if (number >= 10)
        out = put_number(out, number / 10);
    *out = (char)('0' + number % 10);
    return out + 1;
}

/* "*2" or "$5", and the line's end. */
static char *put_count(char *out, char what, size_t count)
{
    *out = what;
    return put(put_number(out + 1, count), STR("\r\n"));
}

/* In RESP: hiredis would let its string grow word by word, which took a third of an XADD's time. */
void redis_conn_queue(struct redis_conn *conn, const struct str *words, size_t count)
{
    struct buf *command = &conn->command;
    size_t size = COUNT_SIZE;
    for (size_t i = 0; i < count; i++)
        size += COUNT_SIZE + words[i].len + LINE_END;
    buf_reset(command);
    char *at = put_count(buf_reserve(command, size), '*', count);
    for (size_t i = 0; i < count; i++)
        at = put(put(put_count(at, '$', words[i].len), words[i]), STR("\r\n"));
    command->len = (size_t)(at - command->ptr);
    if (redisAppendFormattedCommand(conn->context, command->ptr, command->len) != REDIS_OK)
        snprintf(conn->fault, sizeof(conn->fault), "%s", conn->context->errstr);
}

/* The socket keeps it: two system calls less for each reply. */
static void set_patience(struct redis_conn *conn, msec_t patience)
{
    if (conn->patience != patience)
        redisSetTimeout(conn->context, to_timeval(patience));
    conn->patience = patience;
}

struct redis_reply *redis_conn_next(struct redis_conn *conn, msec_t wait)
{
    void *reply = NULL;
    set_patience(conn, conn->deadline + wait);
    if (redisGetReply(conn->context, &reply) == REDIS_OK)
        return reply;
    snprintf(conn->fault, sizeof(conn->fault), "%s", conn->context->errstr);
    return NULL;
}

struct redis_reply *redis_conn_command(struct redis_conn *conn, const struct str *words,
                                       size_t count)
{
    redis_conn_queue(conn, words, count);
    return redis_conn_next(conn, 0);
}

bool redis_conn_local_address(const struct redis_conn *conn, char out[REDIS_LOCAL_SIZE])
{
    struct sockaddr_storage own;
    socklen_t size = sizeof(own);
    return getsockname(conn->context->fd, (struct sockaddr *)&own, &size) == 0 &&
           getnameinfo((struct sockaddr *)&own, size, out, REDIS_LOCAL_SIZE, NULL, 0,
                       NI_NUMERICHOST) == 0;
}

const char *redis_conn_fault(const struct redis_conn *conn)
{
    return conn->fault;
}
