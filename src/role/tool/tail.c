#include "role/tool/tail.h"

#include <stdio.h>
#include <time.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/ident.h"
#include "cqrs/replication/event_json.h"

enum { EXIT_FAILED = 1, EXIT_USAGE = 64, EXIT_CONFIG = 78 };

struct tail {
    const char *url, *service, *type; /* type NULL: all */
    bool follows;
    bool is_broken;  /* nobody takes what it prints */
    bool is_refused; /* Redis answers with errors */
    int64_t since;   /* wall milliseconds: what is earlier is passed over */
    struct buf key;
    struct buf last; /* the id of the entry read last, or "$" */
    struct redis_conn *redis;
    struct writer_schemas schemas;
    struct backoff backoff;
};

static int say_usage(void)
{
    fputs("usage: mamparo tail <service> [--from <where>] [--type <type>] [--follow]\n"
          "  --from    start (the default), end, an entry's position, or a time like\n"
          "            2026-11-21T08:15:30Z\n"
          "  --type    only events of that type: medical.entry.created\n"
          "  --follow  goes on with what comes\n"
          "REDIS_URL says where the streams are.\n",
          stderr);
    return EXIT_USAGE;
}

/* Words */

/* Reading begins behind an entry: this is the one that could be before `position`. */
static void write_before(struct position position, struct buf *out)
{
    char text[POSITION_TEXT_SIZE];
    if (position.index-- == 0)
        position.commit -= position.commit > 0;
    position_format(position, text);
    buf_append_text(out, text);
}

static bool take_from(struct tail *tail, const char *where)
{
    struct position position;
    buf_reset(&tail->last);
    if (strcmp(where, "end") == 0)
        buf_append_char(&tail->last, '$');
    else if (position_parse(str_from(where), &position))
        write_before(position, &tail->last);
    else if (strcmp(where, "start") == 0 || clock_parse(str_from(where), &tail->since))
        buf_append_char(&tail->last, '0');
    return tail->last.len > 0;
}

static bool take_words(struct tail *tail, int count, char **words)
{
    buf_append_char(&tail->last, '0');
    for (int i = 0; i < count; i++) {
        bool has_value = i + 1 < count;
        if (strcmp(words[i], "--follow") == 0)
            tail->follows = true;
        else if (strcmp(words[i], "--type") == 0 && has_value)
            tail->type = words[++i];
        else if (strcmp(words[i], "--from") == 0 && has_value && take_from(tail, words[i + 1]))
            i++;
        else if (words[i][0] != '-' && tail->service == NULL)
            tail->service = words[i];
        else
            return false;
    }
    return tail->service != NULL;
}

/* Printing */

static void print(struct tail *tail, const struct event_entry *entry)
{
    struct buf line = {0};
    const char *why = event_json_write(entry, &tail->schemas, &line);
    if (why != NULL)
        fprintf(stderr, "mamparo tail: event " STR_FMT ": %s\n", STR_ARG(entry->event.id), why);
    buf_append_char(&line, '\n');
    tail->is_broken = tail->is_broken || fwrite(line.ptr, 1, line.len, stdout) != line.len;
    buf_free(&line);
}

static bool is_wanted(const struct tail *tail, const struct event *event)
{
    int64_t time;
    if (tail->type != NULL && !str_equal(event->type, str_from(tail->type)))
        return false;
    return tail->since == 0 || !clock_parse(event->time, &time) || time >= tail->since;
}

static void take_entries(struct tail *tail, const struct redis_reply *entries)
{
    for (size_t i = 0; i < redis_reply_count(entries); i++) {
        const struct redis_reply *one = redis_reply_item(entries, i);
        struct str id = redis_reply_text(redis_reply_item(one, 0));
        struct event_entry entry;
        buf_reset(&tail->last);
        buf_append_str(&tail->last, id);
        if (!event_from_entry(one, &entry))
            fprintf(stderr, "mamparo tail: entry " STR_FMT " is none of ours\n", STR_ARG(id));
        else if (is_wanted(tail, &entry.event))
            print(tail, &entry);
    }
    tail->is_broken = tail->is_broken || fflush(stdout) != 0;
}

/* Reading */

enum { WAIT_MS = 1000 };

static void look_for_error(struct tail *tail, const struct redis_reply *reply)
{
    tail->is_refused = redis_reply_kind(reply) == REDIS_KIND_ERROR;
    if (tail->is_refused)
        fprintf(stderr, "mamparo tail: Redis says: " STR_FMT "\n",
                STR_ARG(redis_reply_text(reply)));
}

/* True while there may be more. */
static bool read_once(struct tail *tail)
{
    struct str last = buf_str(&tail->last), key = buf_str(&tail->key);
    struct str wait[] = {STR("XREAD"), STR("COUNT"),   STR("256"), STR("BLOCK"),
                         STR("1000"),  STR("STREAMS"), key,        last};
    struct str look[] = {STR("XREAD"), STR("COUNT"), STR("256"), STR("STREAMS"), key, last};
    if (tail->follows)
        redis_conn_queue(tail->redis, wait, countof(wait));
    else
        redis_conn_queue(tail->redis, look, countof(look));
    struct redis_reply *reply = redis_conn_next(tail->redis, WAIT_MS);
    size_t count = redis_reply_count(reply);
    bool is_fine = reply != NULL && redis_reply_kind(reply) != REDIS_KIND_ERROR;
    look_for_error(tail, reply);
    for (size_t i = 0; i < count; i++)
        take_entries(tail, redis_reply_item(redis_reply_item(reply, i), 1));
    redis_reply_free(&reply);
    return is_fine && !tail->is_broken && (tail->follows || count > 0);
}

static bool has_stream(struct tail *tail)
{
    struct str words[] = {STR("TYPE"), buf_str(&tail->key)};
    struct redis_reply *reply = redis_conn_command(tail->redis, words, countof(words));
    look_for_error(tail, reply);
    bool is_there = str_equal(redis_reply_text(reply), STR("stream"));
    redis_reply_free(&reply);
    return is_there;
}

/* "$" means each time whatever is last then: it is looked up once. */
static void settle_end(struct tail *tail)
{
    struct str words[] = {STR("XREVRANGE"), buf_str(&tail->key), STR("+"),
                          STR("-"),         STR("COUNT"),        STR("1")};
    if (tail->last.ptr[0] != '$')
        return;
    struct redis_reply *reply = redis_conn_command(tail->redis, words, countof(words));
    struct str id = redis_reply_text(redis_reply_item(redis_reply_item(reply, 0), 0));
    buf_reset(&tail->last);
    buf_append_str(&tail->last, id.len > 0 ? id : STR("0"));
    redis_reply_free(&reply);
}

static bool connect(struct tail *tail)
{
    char why[256];
    tail->redis = redis_conn_open(tail->url, why, sizeof(why));
    tail->schemas.redis = tail->redis;
    if (tail->redis == NULL)
        fprintf(stderr, "mamparo tail: REDIS_URL: %s\n", why);
    return tail->redis != NULL;
}

/* One connection's time; returns the exit status. */
static int read_stream(struct tail *tail)
{
    if (!connect(tail))
        return EXIT_FAILED;
    int result = EXIT_FAILED;
    bool is_there = has_stream(tail);
    if (!is_there && !tail->is_refused) {
        fprintf(stderr, "mamparo tail: there is no stream of a service \"%s\"\n", tail->service);
    } else if (is_there) {
        settle_end(tail);
        backoff_reset(&tail->backoff);
        while (read_once(tail))
            ;
        bool is_cut = redis_conn_fault(tail->redis)[0] != '\0';
        result = is_cut || tail->is_refused ? EXIT_FAILED : 0;
        if (is_cut)
            fprintf(stderr, "mamparo tail: Redis: %s\n", redis_conn_fault(tail->redis));
    }
    redis_conn_close(&tail->redis);
    return result;
}

static void rest(struct tail *tail)
{
    msec_t wait = backoff_wait(&tail->backoff, (uint32_t)ident_random());
    struct timespec time = {wait / 1000, wait % 1000 * 1000000};
    nanosleep(&time, NULL);
}

int tail_run(int count, char **words)
{
    enum { FIRST_REST_MS = 100, LONGEST_REST_MS = 2000 };
    struct tail tail = {.url = getenv("REDIS_URL"),
                        .backoff = {.first = FIRST_REST_MS, .most = LONGEST_REST_MS}};
    int result = EXIT_CONFIG;
    if (!take_words(&tail, count, words)) {
        result = say_usage();
    } else if (tail.url == NULL) {
        fputs("mamparo tail: REDIS_URL: is not set\n", stderr);
    } else {
        buf_printf(&tail.key, "mamparo:{%s}:events", tail.service);
        result = read_stream(&tail);
        while (tail.follows && !tail.is_broken) { /* until somebody ends it */
            rest(&tail);
            result = read_stream(&tail);
        }
    }
    if (tail.is_broken) {
        fputs("mamparo tail: standard output cannot be written\n", stderr);
        result = EXIT_FAILED;
    }
    writer_schemas_free(&tail.schemas);
    buf_free(&tail.key);
    buf_free(&tail.last);
    return result;
}
