#include "cqrs/replication/relay/relay_stream.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"

static bool has_worked(const struct redis_reply *reply)
{
    if (redis_reply_kind(reply) == REDIS_KIND_ERROR)
        log_warn("relay.refused", log_str("redis", redis_reply_text(reply)));
    return reply != NULL && redis_reply_kind(reply) != REDIS_KIND_ERROR;
}

/* Runs one command whose reply says nothing but whether it worked. */
static bool run(struct redis_conn *redis, const struct str *words, size_t count)
{
    struct redis_reply *reply = redis_conn_command(redis, words, count);
    bool is_done = has_worked(reply);
    redis_reply_free(&reply);
    return is_done;
}

static bool is_of_epoch(struct redis_conn *redis, struct str key, const char *epoch, bool *is_same)
{
    struct str words[] = {STR("GET"), key};
    struct redis_reply *reply = redis_conn_command(redis, words, countof(words));
    bool is_known = has_worked(reply);
    *is_same = str_equal(redis_reply_text(reply), str_from(epoch));
    redis_reply_free(&reply);
    return is_known;
}

/* What is under our key and is no stream came by another hand. It goes, as a stream with somebody
 * else's entry does: the log has all that was published. */
static bool drop_other_type(struct redis_conn *redis, struct str key)
{
    struct str words[] = {STR("DEL"), key};
    log_warn("relay.dropped", log_str("key", key), log_text("why", "it was no stream"));
    return run(redis, words, countof(words));
}

/* The field of XINFO STREAM that survives trimming and deletion. */
static bool read_top(struct redis_conn *redis, struct str key, bool *is_there, struct position *top)
{
    struct str words[] = {STR("XINFO"), STR("STREAM"), key};
    struct redis_reply *reply = redis_conn_command(redis, words, countof(words));
    if (reply == NULL)
        return false;
    *is_there = false;
    for (size_t i = 0; i + 1 < redis_reply_count(reply); i += 2)
        if (str_equal(redis_reply_text(redis_reply_item(reply, i)), STR("last-generated-id")))
            *is_there = position_parse(redis_reply_text(redis_reply_item(reply, i + 1)), top);
    struct str fault = *is_there ? STR("") : redis_reply_text(reply);
    bool is_fine = *is_there || str_equal(fault, STR("ERR no such key"));
    if (!is_fine && str_starts_with(fault, STR("WRONGTYPE")))
        is_fine = drop_other_type(redis, key);
    else if (!is_fine)
        log_warn("relay.refused", log_str("redis", fault));
    redis_reply_free(&reply);
    return is_fine;
}

/* An empty stream can only be made by way of a group. */
static bool make_stream(struct redis_conn *redis, struct str key)
{
    struct str create[] = {STR("XGROUP"), STR("CREATE"), key,
                           STR("none"),   STR("0"),      STR("MKSTREAM")};
    struct str destroy[] = {STR("XGROUP"), STR("DESTROY"), key, STR("none")};
    return run(redis, create, countof(create)) && run(redis, destroy, countof(destroy));
}

/* Its top says what it once held, so that a replica which is behind that knows it without a further
 * entry. */
static bool set_top(struct redis_conn *redis, struct str key, struct position confirmed)
{
    char top[POSITION_TEXT_SIZE];
    position_format(confirmed, top);
    struct str set[] = {STR("XSETID"), key, str_from(top)};
    return run(redis, set, countof(set));
}

static bool begin_anew(struct redis_conn *redis, struct str stream_key, struct str epoch_key,
                       const char *epoch)
{
    struct str del[] = {STR("DEL"), stream_key};
    struct str set[] = {STR("SET"), epoch_key, str_from(epoch)};
    return run(redis, del, countof(del)) && run(redis, set, countof(set));
}

bool relay_stream_open(struct relay_stream *stream, const char *service, struct redis_conn *redis,
                       const struct relay_term *term, struct position confirmed)
{
    struct buf stream_key = {0}, epoch_key = {0};
    bool is_same = false, is_there = false;
    *stream = (struct relay_stream){.service = service, .confirmed = confirmed};
    event_key(service, "events", &stream_key);
    event_key(service, "epoch", &epoch_key);
    struct str events = buf_str(&stream_key), epoch = buf_str(&epoch_key);
    bool is_ready = is_of_epoch(redis, epoch, term->epoch, &is_same) &&
                    read_top(redis, events, &is_there, &stream->found_top);
    bool is_spoilt = term->spoilt != NULL && strcmp(term->spoilt, service) == 0;
    bool is_foreign = is_there && stream->found_top.commit > term->log_end;
    if (is_ready && (is_foreign || is_spoilt || !is_same)) {
        is_ready = begin_anew(redis, events, epoch, term->epoch);
        is_there = false;
    }
    if (is_ready && !is_there) {
        is_ready = make_stream(redis, events);
        stream->found_top = (struct position){0};
    }
    if (is_ready && position_compare(stream->found_top, confirmed) < 0) {
        is_ready = set_top(redis, events, confirmed);
        stream->found_top = confirmed;
    }
    stream->sent_top = stream->found_top;
    /* A replica behind `confirmed` must see from the next entry's prev that it missed some. */
    stream->top = position_later(stream->found_top, confirmed);
    buf_free(&stream_key);
    buf_free(&epoch_key);
    return is_ready;
}

struct position relay_stream_follow(struct relay_stream *stream, struct position position)
{
    struct position prev = stream->top;
    stream->top = position_later(stream->top, position);
    stream->sent_top = position_later(stream->sent_top, position);
    return prev;
}

bool relay_stream_is_not_above(const struct redis_reply *reply)
{
    struct str not_above =
        STR("ERR The ID specified in XADD is equal or smaller than the target stream top item");
    return redis_reply_kind(reply) == REDIS_KIND_ERROR &&
           str_starts_with(redis_reply_text(reply), not_above);
}

enum relay_verdict relay_stream_judge(const struct relay_stream *stream, struct position position,
                                      const struct redis_reply *reply)
{
    enum redis_kind kind = redis_reply_kind(reply);
    if (kind == REDIS_KIND_TEXT)
        return RELAY_PUBLISHED;
    if (kind == REDIS_KIND_NIL)
        return RELAY_STREAM_LOST;
    if (!relay_stream_is_not_above(reply))
        return RELAY_REFUSED;
    /* In a term each entry is sent once: above what was found, another hand has added one. */
    return position_compare(position, stream->found_top) <= 0 ? RELAY_WAS_THERE : RELAY_STREAM_LOST;
}

bool relay_stream_find(struct relay_stream *stream, struct redis_conn *redis, struct position first,
                       struct position last)
{
    struct buf key = {0};
    char from[POSITION_TEXT_SIZE], to[POSITION_TEXT_SIZE];
    struct event_entry entry = {0};
    event_key(stream->service, "events", &key);
    position_format(first, from);
    position_format(last, to);
    struct str words[] = {STR("XRANGE"), buf_str(&key), str_from(from),
                          str_from(to),  STR("COUNT"),  STR("64")};
    struct redis_reply *reply = redis_conn_command(redis, words, countof(words));
    size_t count = redis_reply_count(reply);
    bool is_found = event_from_entry(redis_reply_item(reply, 0), &entry) &&
                    position_compare(entry.position, first) == 0;
    for (size_t i = 1; is_found && i < count; i++)
        is_found = event_from_entry(redis_reply_item(reply, i), &entry);
    if (is_found)
        stream->found_top = entry.position;
    redis_reply_free(&reply);
    buf_free(&key);
    return is_found;
}

/* Also while nobody writes: what Redis lost is then published again. */
static bool has_all(const struct relay_stream *stream, struct redis_conn *redis, struct str key)
{
    struct position top;
    bool is_there;
    return read_top(redis, key, &is_there, &top) && is_there &&
           position_compare(top, stream->sent_top) >= 0;
}

static bool hear(struct relay_stream *stream, struct redis_conn *redis, struct str key,
                 const char *epoch)
{
    struct str words[] = {STR("HGETALL"), key};
    struct redis_reply *reply = redis_conn_command(redis, words, countof(words));
    if (!has_worked(reply)) {
        redis_reply_free(&reply);
        return false;
    }
    for (size_t i = 0; i + 1 < redis_reply_count(reply); i += 2)
        registry_hear(&stream->registry, redis_reply_text(redis_reply_item(reply, i)),
                      redis_reply_text(redis_reply_item(reply, i + 1)), str_from(epoch),
                      clock_monotonic());
    redis_reply_free(&reply);
    return true;
}

static bool drop_silent(struct relay_stream *stream, struct redis_conn *redis, struct str key,
                        msec_t retention)
{
    const char *gone;
    while ((gone = registry_drop_silent(&stream->registry, clock_monotonic(), retention)) != NULL) {
        struct str words[] = {STR("HDEL"), key, str_from(gone)};
        log_warn("relay.replica_dropped", log_text("service", stream->service),
                 log_text("replica", gone));
        if (!run(redis, words, countof(words)))
            return false;
    }
    return true;
}

bool relay_stream_tend(struct relay_stream *stream, struct redis_conn *redis, const char *epoch,
                       msec_t retention)
{
    struct buf replicas_key = {0}, stream_key = {0};
    event_key(stream->service, "replicas", &replicas_key);
    event_key(stream->service, "events", &stream_key);
    bool is_done = has_all(stream, redis, buf_str(&stream_key)) &&
                   hear(stream, redis, buf_str(&replicas_key), epoch) &&
                   drop_silent(stream, redis, buf_str(&replicas_key), retention);
    buf_free(&replicas_key);
    buf_free(&stream_key);
    return is_done;
}

bool relay_stream_trim(const struct relay_stream *stream, struct redis_conn *redis)
{
    struct position slowest;
    struct buf key = {0};
    char text[POSITION_TEXT_SIZE];
    if (!registry_slowest(&stream->registry, &slowest))
        return true;
    event_key(stream->service, "events", &key);
    position_format(slowest, text);
    struct str words[] = {STR("XTRIM"), buf_str(&key), STR("MINID"), STR("~"), str_from(text)};
    bool is_done = run(redis, words, countof(words));
    buf_free(&key);
    return is_done;
}

bool relay_stream_measure(struct relay_stream *stream, struct redis_conn *redis)
{
    struct buf key = {0};
    event_key(stream->service, "events", &key);
    struct str length[] = {STR("XLEN"), buf_str(&key)};
    struct str bytes[] = {STR("MEMORY"), STR("USAGE"), buf_str(&key), STR("SAMPLES"), STR("16")};
    redis_conn_queue(redis, length, countof(length));
    redis_conn_queue(redis, bytes, countof(bytes));
    struct redis_reply *replies[2] = {redis_conn_next(redis, 0), NULL};
    if (replies[0] != NULL)
        replies[1] = redis_conn_next(redis, 0);
    /* A server that does not tell its memory is measured by length alone. */
    stream->length = redis_reply_number(replies[0]);
    stream->bytes = redis_reply_number(replies[1]);
    bool is_done = has_worked(replies[0]) && replies[1] != NULL;
    redis_reply_free(&replies[0]);
    redis_reply_free(&replies[1]);
    buf_free(&key);
    return is_done;
}
