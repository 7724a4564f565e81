#include "role/tool/verify.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "io/http/http_resolve.h"
#include "model/model.h"
#include "role/tool/verify_ask.h"
#include "role/tool/verify_rows.h"

enum {
    EXIT_DIFFERENT = 1,
    EXIT_USAGE = 64,
    EXIT_UNAVAILABLE = 69,
    EXIT_CONFIG = 78,
    RANGE = 5000,       /* records whose checksum is asked for at once */
    LIST = 1000,        /* records that are listed one by one, where it differs */
    LIST_MOST = 100000, /* of a replica, which may have more of them */
    NAMED_MAX = 20,     /* records of one collection and server that are named */
};

/* Comparing */

/* False behind the last of all. */
static bool step(struct uuid *id)
{
    for (size_t i = sizeof(id->bytes); i-- > 0;)
        if (++id->bytes[i] != 0)
            return true;
    return false;
}

/* One look at a range of the write side's records, and at the replica's. False when there is no
 * answer. */
static bool look(struct verify_server *server, const struct verify_range *range,
                 struct verify_differences *out)
{
    struct verify *verify = server->verify;
    struct verify_rows written = {0}, applied = {0};
    struct verify_range same = *range;
    *out = (struct verify_differences){0};
    if (!verify_ask_write(verify, range))
        return false;
    same.upto = verify_end_of(verify, range);
    same.most = LIST_MOST;
    verify_ask(server, &same);
    verify_await(verify);
    bool is_read = server->answer != NULL &&
                   verify_rows_read(json_find(verify->write.answer, "records"), &written) &&
                   verify_rows_read(json_find(server->answer, "records"), &applied);
    if (is_read)
        *out = verify_rows_compare(&written, &applied);
    verify_rows_free(&written);
    verify_rows_free(&applied);
    return is_read;
}

static void take_note(struct verify_server *server, const struct verify_differences *differences)
{
    for (size_t i = 0; i < differences->count; i++) {
        if (server->different++ >= NAMED_MAX)
            continue;
        buf_append_text(&server->named, "    ");
        verify_difference_write(&differences->items[i], &server->named);
        buf_append_char(&server->named, '\n');
    }
}

/* Looks again and again, while what differs may only be on its way. */
static bool settle(struct verify_server *server, const struct verify_range *range)
{
    enum { REST_MS = 20 };
    struct verify_differences differences, now;
    if (!look(server, range, &differences))
        return false;
    bool is_told = true;
    while (is_told && verify_differences_may_pass(&differences) && server->patience > 0) {
        msec_t began = clock_monotonic();
        nanosleep(&(struct timespec){.tv_nsec = REST_MS * 1000000L}, NULL);
        is_told = look(server, range, &now);
        if (is_told)
            verify_differences_narrow(&differences, &now);
        verify_differences_free(&now);
        server->patience -= clock_monotonic() - began;
    }
    take_note(server, &differences);
    verify_differences_free(&differences);
    return is_told;
}

/* A range whose checksums differ, a thousand records at a time. */
static void search(struct verify_server *server, struct uuid from, struct uuid upto)
{
    struct verify *verify = server->verify;
    for (bool is_more = true; is_more;) {
        struct verify_range range = {from, upto, LIST, true};
        if (!verify_ask_write(verify, &range))
            return;
        is_more = verify_is_full(verify, &range);
        range.upto = verify_end_of(verify, &range);
        if (!settle(server, &range))
            return;
        from = range.upto;
        is_more = step(&from) && is_more;
    }
}

static bool is_same(const struct json *a, const struct json *b)
{
    return json_find_integer(a, "count", -1) == json_find_integer(b, "count", -2) &&
           str_equal(json_find_text(a, "checksum", STR("a")),
                     json_find_text(b, "checksum", STR("b")));
}

/* What a collection comes to. */
struct sum {
    int64_t count;
    uint64_t checksum;
    struct buf position;
};

static void add(struct sum *sum, const struct json *answer)
{
    struct buf text = {0};
    buf_append_str(&text, json_find_text(answer, "checksum", STR("0")));
    sum->count += json_find_integer(answer, "count", 0);
    sum->checksum ^= strtoull(text.ptr, NULL, 16);
    buf_reset(&sum->position);
    buf_append_str(&sum->position, json_find_text(answer, "position", STR("")));
    buf_free(&text);
}

static bool compare_all(struct verify *verify, struct sum *sum)
{
    struct verify_range range = {.most = RANGE};
    memset(&range.upto, 0xff, sizeof(range.upto));
    for (bool is_more = true; is_more;) {
        bool differs[VERIFY_SERVERS_MAX] = {false};
        struct verify_range same = range;
        if (!verify_ask_write(verify, &range))
            return false;
        add(sum, verify->write.answer);
        is_more = verify_is_full(verify, &range);
        same.upto = verify_end_of(verify, &range);
        same.most = LIST_MOST;
        for (size_t i = 0; i < verify->read_count; i++)
            verify_ask(&verify->reads[i], &same);
        verify_await(verify);
        for (size_t i = 0; i < verify->read_count; i++)
            differs[i] = verify->reads[i].answer != NULL &&
                         !is_same(verify->write.answer, verify->reads[i].answer);
        for (size_t i = 0; i < verify->read_count; i++)
            if (differs[i])
                search(&verify->reads[i], same.from, same.upto);
        range.from = same.upto;
        is_more = step(&range.from) && is_more;
    }
    return true;
}

/* Reporting */

static void report(struct verify *verify, struct verify_server *server)
{
    const char *name = http_peer_name(server->peer);
    if (server->fault[0] != '\0')
        printf("  %s  cannot be compared: %s\n", name, server->fault);
    else if (server->different == 0)
        printf("  %s  equal\n", name);
    else
        printf("  %s  differs in %zu record%s\n%s", name, server->different,
               server->different == 1 ? "" : "s", server->named.ptr);
    if (server->different > NAMED_MAX)
        printf("    and %zu more\n", server->different - NAMED_MAX);
    verify->is_different = verify->is_different || server->different > 0;
    buf_reset(&server->named);
    server->different = 0;
    fflush(stdout);
}

static void verify_collection(struct verify *verify, const struct collection *collection)
{
    struct sum sum = {0};
    verify->collection = collection;
    if (compare_all(verify, &sum)) {
        printf("%s/%s  %lld records with their tombstones, checksum %016llx, at %s\n",
               collection->service, collection->name, (long long)sum.count,
               (unsigned long long)sum.checksum, sum.position.ptr);
        for (size_t i = 0; i < verify->read_count; i++)
            report(verify, &verify->reads[i]);
    } else {
        fprintf(stderr, "mamparo verify: write server %s: %s\n", http_peer_name(verify->write.peer),
                verify->write.fault);
    }
    buf_free(&sum.position);
}

/* Beginning */

static bool open_server(struct verify *verify, struct verify_server *server, struct str place,
                        const char *setting)
{
    char why[256];
    *server = (struct verify_server){.verify = verify, .patience = verify->patience};
    server->peer = http_resolve_peer(verify->loop, place, why, sizeof(why));
    if (server->peer == NULL)
        fprintf(stderr, "mamparo verify: %s: %s\n", setting, why);
    return server->peer != NULL;
}

static const char *setting_of(const char *name)
{
    const char *value = getenv(name);
    return value == NULL ? "" : value;
}

static bool open_servers(struct verify *verify)
{
    struct str writes = str_from(setting_of("WRITE_SERVERS"));
    struct str reads = str_from(setting_of("READ_SERVERS"));
    const char *key = setting_of("CLUSTER_KEY");
    verify->loop = loop_new();
    if (key[0] != '\0')
        buf_printf(&verify->headers, "Authorization: Bearer %s\r\n", key);
    if (writes.len == 0 || reads.len == 0) {
        fprintf(stderr, "mamparo verify: %s: is not set\n",
                writes.len == 0 ? "WRITE_SERVERS" : "READ_SERVERS");
        return false;
    }
    if (!open_server(verify, &verify->write, str_trim(str_cut(&writes, ',')), "WRITE_SERVERS"))
        return false;
    while (reads.len > 0 && verify->read_count < VERIFY_SERVERS_MAX)
        if (!open_server(verify, &verify->reads[verify->read_count++],
                         str_trim(str_cut(&reads, ',')), "READ_SERVERS"))
            return false;
    return true;
}

static bool is_wanted(const struct collection *collection, struct str wanted)
{
    struct str rest = wanted, service = str_cut(&rest, '/');
    return wanted.len == 0 || (str_equal(service, str_from(collection->service)) &&
                               (rest.ptr == NULL || str_equal(rest, str_from(collection->name))));
}

static int verify_all(struct verify *verify, const struct model *model, const char *wanted)
{
    bool is_known = false, is_complete = true;
    for (size_t s = 0; s < model->service_count; s++)
        for (size_t c = 0; c < model->services[s].collection_count; c++) {
            const struct collection *collection = model->services[s].collections[c];
            if (!is_wanted(collection, str_from(wanted)))
                continue;
            is_known = true;
            verify_collection(verify, collection);
        }
    if (!is_known) {
        fprintf(stderr, "mamparo verify: the models have no \"%s\"\n", wanted);
        return EXIT_CONFIG;
    }
    is_complete = verify->write.fault[0] == '\0';
    for (size_t i = 0; i < verify->read_count; i++)
        is_complete = is_complete && verify->reads[i].fault[0] == '\0';
    if (verify->is_different)
        return EXIT_DIFFERENT;
    return is_complete ? 0 : EXIT_UNAVAILABLE;
}

static int say_usage(FILE *out)
{
    fputs("usage: mamparo verify [<service>[/<collection>]] [--wait <seconds>]\n"
          "  Compares the records of every server of READ_SERVERS with those of WRITE_SERVERS,\n"
          "  under load too, and names those that differ. What may be on its way to a replica is\n"
          "  waited for, up to 10 seconds, or as --wait says.\n"
          "  CLUSTER_KEY and MODELS are as the servers have them.\n"
          "  Exit status: 0 all is equal, 1 something differs, 69 a server did not answer.\n",
          out);
    return out == stdout ? 0 : EXIT_USAGE;
}

/* False where the words are not understood. */
static bool take_words(struct verify *verify, int count, char **words, const char **wanted)
{
    enum { USUAL_SECONDS = 10, SECONDS_MAX = 86400 };
    int64_t seconds = USUAL_SECONDS;
    *wanted = "";
    for (int i = 0; i < count; i++) {
        bool is_wait = strcmp(words[i], "--wait") == 0 && i + 1 < count;
        if (is_wait && str_to_int64(str_from(words[i + 1]), &seconds) && seconds >= 0 &&
            seconds <= SECONDS_MAX)
            i++;
        else if (words[i][0] != '-' && (*wanted)[0] == '\0')
            *wanted = words[i];
        else
            return false;
    }
    verify->patience = seconds * 1000;
    return true;
}

int verify_run(int count, char **words)
{
    const char *folder = getenv("MODELS") != NULL ? getenv("MODELS") : "models", *wanted;
    struct buf mistakes = {0};
    struct verify verify = {0};
    if (count == 1 && strcmp(words[0], "--help") == 0)
        return say_usage(stdout);
    if (!take_words(&verify, count, words, &wanted))
        return say_usage(stderr);
    struct model *model = model_load(folder, &mistakes);
    int result = EXIT_CONFIG;
    if (model == NULL)
        fprintf(stderr, "mamparo verify: the models have mistakes:\n%s", mistakes.ptr);
    else if (open_servers(&verify))
        result = verify_all(&verify, model, wanted);
    model_free(&model);
    buf_free(&verify.headers);
    buf_free(&mistakes);
    return result;
}
