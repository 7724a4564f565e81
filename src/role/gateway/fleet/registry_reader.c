#include "role/gateway/fleet/registry_reader.h"

#include "base/clock.h"
#include "base/log.h"
#include "cqrs/replication/background.h"
#include "io/http/http_resolve.h"
#include "io/redis_conn.h"
#include "role/gateway/fleet/registered.h"
#include "role/presence/announcement.h"
#include "role/server_list.h"

enum { READ_EVERY_MS = 500, READ_MAX = 2 * FLEET_MAX };

struct registry_reader {
    struct background background;
    struct registry_reader_options options;
    struct redis_conn *redis; /* NULL while it is away */
    struct registered sides[SIDE_COUNT];
    size_t refused; /* announcements, as was last said */
    _Atomic(const char *) state;
};

/* Redis */

static void set_state(struct registry_reader *reader, const char *state, struct str why)
{
    if (strcmp(atomic_load(&reader->state), state) == 0)
        return;
    if (strcmp(state, "away") == 0)
        log_warn("gateway.registry_away", log_str("why", why));
    else
        log_info("gateway.registry_read");
    atomic_store(&reader->state, state);
}

/* NULL, after saying why, unless Redis answered with an array. */
static struct redis_reply *ask(struct registry_reader *reader, const struct str *words,
                               size_t count)
{
    struct redis_reply *reply = redis_conn_command(reader->redis, words, count);
    if (redis_reply_kind(reply) == REDIS_KIND_ARRAY)
        return reply;
    set_state(reader, "away",
              reply != NULL ? redis_reply_text(reply) : str_from(redis_conn_fault(reader->redis)));
    redis_reply_free(&reply);
    redis_conn_close(&reader->redis);
    return NULL;
}

static struct redis_reply *read_addresses(struct registry_reader *reader)
{
    struct str words[] = {STR("ZREVRANGE"), announcement_index, STR("0"), STR("127")};
    static_assert(READ_MAX == 128, "so many are asked for");
    return ask(reader, words, countof(words));
}

static struct redis_reply *read_announcements(struct registry_reader *reader,
                                              const struct redis_reply *addresses)
{
    struct str words[1 + READ_MAX] = {STR("MGET")};
    struct buf keys[READ_MAX] = {0};
    size_t count = redis_reply_count(addresses);
    count = count < READ_MAX ? count : READ_MAX;
    for (size_t i = 0; i < count; i++) {
        announcement_write_key(redis_reply_text(redis_reply_item(addresses, i)), &keys[i]);
        words[1 + i] = buf_str(&keys[i]);
    }
    struct redis_reply *announcements = ask(reader, words, 1 + count);
    for (size_t i = 0; i < count; i++)
        buf_free(&keys[i]);
    return announcements;
}

/* What it says */

/* Every address has one spelling in the fleet. */
static bool take_address(struct str address, struct roster_found *out)
{
    struct http_places places;
    char why[256];
    if (!server_list_is_numeric(address) || !http_resolve(address, &places, why, sizeof(why)))
        return false;
    memcpy(out->name, places.names[0], sizeof(out->name));
    return true;
}

/* False when it is no announcement of a server at that address. */
static bool hear(struct registry_reader *reader, struct str address, struct str json, msec_t now)
{
    struct announcement said;
    struct roster_found found;
    if (!take_address(address, &found) || !announcement_parse(json, reader->options.model, &said))
        return false;
    enum side side = strcmp(said.role, "read") == 0 ? SIDE_READS : SIDE_WRITES;
    found.services = said.services & reader->options.services[side];
    return registered_hear(&reader->sides[side], &found, now);
}

static void hear_all(struct registry_reader *reader, const struct redis_reply *addresses,
                     const struct redis_reply *announcements, msec_t now)
{
    struct str first = {NULL, 0};
    size_t refused = 0;
    for (size_t i = 0; i < redis_reply_count(addresses); i++) {
        struct str address = redis_reply_text(redis_reply_item(addresses, i));
        const struct redis_reply *said = redis_reply_item(announcements, i);
        if (redis_reply_kind(said) != REDIS_KIND_TEXT /* it has expired */ ||
            hear(reader, address, redis_reply_text(said), now))
            continue;
        if (refused++ == 0)
            first = address;
    }
    if (refused > reader->refused)
        log_warn("gateway.bad_registrations", log_number("count", (int64_t)refused),
                 log_str("first", first.len < FLEET_NAME_SIZE ? first : STR("one too long")));
    reader->refused = refused;
}

/* False when Redis is away. */
static bool read_all(struct registry_reader *reader)
{
    struct redis_reply *addresses = read_addresses(reader), *announcements = NULL;
    bool is_read = addresses != NULL;
    if (is_read && redis_reply_count(addresses) > 0) {
        announcements = read_announcements(reader, addresses);
        is_read = announcements != NULL;
    }
    if (is_read)
        hear_all(reader, addresses, announcements, clock_monotonic());
    redis_reply_free(&addresses);
    redis_reply_free(&announcements);
    return is_read;
}

static bool is_connected(struct registry_reader *reader)
{
    char why[256];
    if (reader->redis == NULL) {
        reader->redis = redis_conn_open(reader->options.redis_url, why, sizeof(why));
        if (reader->redis == NULL)
            set_state(reader, "away", str_from(why));
    }
    return reader->redis != NULL;
}

/* What follows from it */

static void tell(struct registry_reader *reader, msec_t now)
{
    for (enum side side = 0; side < SIDE_COUNT; side++) {
        struct registered *registered = &reader->sides[side];
        registered_drop_silent(registered, now);
        roster_set(reader->options.rosters[side], ROSTER_REGISTERED, registered->found,
                   registered->count, now);
    }
    set_state(reader, "following", STR(""));
}

static void excuse(struct registry_reader *reader, msec_t now)
{
    for (enum side side = 0; side < SIDE_COUNT; side++)
        registered_excuse(&reader->sides[side], now);
}

static void round_of_reader(struct background *background)
{
    struct registry_reader *reader = container_of(background, struct registry_reader, background);
    while (!background_is_stopping(background)) {
        if (is_connected(reader) && read_all(reader))
            tell(reader, clock_monotonic());
        else
            excuse(reader, clock_monotonic());
        background_rest(background, READ_EVERY_MS);
    }
}

struct registry_reader *registry_reader_new(const struct registry_reader_options *options)
{
    struct registry_reader *reader = mem_new(1, sizeof(*reader));
    reader->options = *options;
    atomic_store(&reader->state, "starting");
    reader->background.name = "registry";
    reader->background.round = round_of_reader;
    return reader;
}

void registry_reader_start(struct registry_reader *reader)
{
    background_start(&reader->background);
}

bool registry_reader_has_looked(const struct registry_reader *reader)
{
    return strcmp(atomic_load(&reader->state), "starting") != 0;
}

const char *registry_reader_state(const struct registry_reader *reader)
{
    return atomic_load(&reader->state);
}
