#include "role/presence/announcer.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/ident.h"
#include "base/log.h"
#include "cqrs/replication/background.h"
#include "io/redis_conn.h"
#include "role/presence/announcement.h"
#include "role/server_list.h"

struct announcer {
    struct background background;
    struct process *process;
    struct redis_conn *redis; /* NULL while it is away */
    char address[SERVER_PLACE_SIZE];
    struct buf key, value;
    bool is_announced, has_complained;
    msec_t next_at;
};

/* Where it can be reached */

static bool is_any(const char *listen)
{
    return strcmp(listen, "0.0.0.0") == 0 || strcmp(listen, "::") == 0;
}

/* Who listens on every address is reached at the one that it reaches Redis from. */
static bool find_address(struct announcer *announcer)
{
    const struct settings *settings = &announcer->process->settings;
    char local[REDIS_LOCAL_SIZE];
    const char *host = settings->listen;
    if (strcmp(settings->announce, "auto") != 0) {
        size_t len = strlen(settings->announce);
        assert(len < sizeof(announcer->address)); /* it is numeric: the settings saw to that */
        memcpy(announcer->address, settings->announce, len);
        return true;
    }
    if (is_any(host)) {
        if (!redis_conn_local_address(announcer->redis, local))
            return false;
        host = local;
    }
    return server_list_write_place(host, (int)settings->port, announcer->address);
}

/* Saying it */

static void complain(struct announcer *announcer, struct str why)
{
    if (!announcer->has_complained)
        log_warn("announcer.failed", log_str("why", why));
    announcer->has_complained = true;
}

static bool connect_redis(struct announcer *announcer)
{
    const struct process *process = announcer->process;
    char why[256] = "the address under which it is reached cannot be told";
    if (announcer->redis != NULL)
        return true;
    announcer->redis = redis_conn_open(process->settings.redis_url, why, sizeof(why));
    if (announcer->redis == NULL || !find_address(announcer)) {
        redis_conn_close(&announcer->redis);
        complain(announcer, str_from(why));
        return false;
    }
    buf_reset(&announcer->key);
    buf_reset(&announcer->value);
    announcement_write_key(str_from(announcer->address), &announcer->key);
    announcement_write(process->role->name, process->model, process->started_at, &announcer->value);
    return true;
}

/* True when Redis did it. A connection that broke is given up; the next round makes another. */
static bool is_done(struct announcer *announcer, struct redis_reply *reply)
{
    bool is_fine = redis_reply_kind(reply) == REDIS_KIND_NUMBER;
    if (!is_fine)
        complain(announcer, reply != NULL ? redis_reply_text(reply)
                                          : str_from(redis_conn_fault(announcer->redis)));
    if (reply == NULL)
        redis_conn_close(&announcer->redis);
    redis_reply_free(&reply);
    return is_fine;
}

/* By Redis's own clock, so that the index forgets those who went without a word. */
static const char script[] = "local now = redis.call('TIME')[1]\n"
                             "redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])\n"
                             "redis.call('ZADD', KEYS[1], now, ARGV[1])\n"
                             "return redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 60)\n";

static void announce(struct announcer *announcer)
{
    char expiry[24];
    if (!connect_redis(announcer))
        return;
    snprintf(expiry, sizeof(expiry), "%d", ANNOUNCEMENT_MS);
    struct str words[] = {STR("EVAL"),
                          str_from(script),
                          STR("2"),
                          announcement_index,
                          buf_str(&announcer->key),
                          str_from(announcer->address),
                          buf_str(&announcer->value),
                          str_from(expiry)};
    if (!is_done(announcer, redis_conn_command(announcer->redis, words, countof(words))))
        return;
    if (!announcer->is_announced || announcer->has_complained)
        log_info("announcer.announced", log_text("address", announcer->address));
    announcer->is_announced = true;
    announcer->has_complained = false;
}

/* Where Redis is away, what was said expires. */
static void withdraw(struct announcer *announcer)
{
    struct str drop[] = {STR("DEL"), buf_str(&announcer->key)};
    struct str forget[] = {STR("ZREM"), announcement_index, str_from(announcer->address)};
    if (!announcer->is_announced || announcer->redis == NULL)
        return;
    if (is_done(announcer, redis_conn_command(announcer->redis, drop, countof(drop))) &&
        is_done(announcer, redis_conn_command(announcer->redis, forget, countof(forget))))
        log_info("announcer.withdrawn", log_text("address", announcer->address));
    announcer->is_announced = false;
}

/* Once it was ready it stays announced until it drains: a gateway hears from itself how it is, and
 * one that is not ready is better than none. */
static void tend(struct announcer *announcer)
{
    struct process *process = announcer->process;
    msec_t now = clock_monotonic();
    if (atomic_load(&process->is_draining)) {
        withdraw(announcer);
    } else if (now >= announcer->next_at &&
               (announcer->is_announced || process->role->unready(process) == NULL)) {
        announcer->next_at =
            now + ANNOUNCEMENT_PERIOD_MS + (msec_t)(ident_random() % ANNOUNCEMENT_PERIOD_MS);
        announce(announcer);
    }
}

/* The thread */

static void round_of_announcer(struct background *background)
{
    enum { LOOK_EVERY_MS = 50 };
    struct announcer *announcer = container_of(background, struct announcer, background);
    while (!background_is_stopping(background)) {
        tend(announcer);
        background_rest(background, LOOK_EVERY_MS);
    }
    withdraw(announcer);
}

struct announcer *announcer_start(struct process *process)
{
    if (strcmp(process->settings.announce, "off") == 0)
        return NULL;
    struct announcer *announcer = mem_new(1, sizeof(*announcer));
    announcer->process = process;
    announcer->background.name = "announcer";
    announcer->background.round = round_of_announcer;
    background_start(&announcer->background);
    return announcer;
}

void announcer_stop(struct announcer *announcer)
{
    if (announcer != NULL)
        background_stop(&announcer->background);
}
