#include "role/tool/seed.h"

#include <stdio.h>

#include "base/backoff.h"
#include "io/http/http_client.h"
#include "io/http/http_resolve.h"
#include "model/model.h"
#include "model/sample.h"

enum {
    EXIT_FAILED = 1,
    EXIT_USAGE = 64,
    EXIT_CONFIG = 78,
    IN_FLIGHT = 64,
    COUNT_MAX = 100000000,
    CONNECT_MS = 1000,
    ANSWER_MS = 10000,
    AGAIN_MS = 250,
    ATTEMPTS_MAX = 40, /* of one record: ten seconds of a write server that is away */
};

/* One run over one collection. */
struct load {
    const struct collection *collection;
    struct sample_words words;
    struct loop *loop;
    struct http_peer *peer;
    uint64_t next, count;
    uint64_t made, there;
    unsigned in_flight;
    char fault[200]; /* empty while all is well */
};

/* One record on its way. */
struct parcel {
    struct load *load;
    uint64_t number;
    unsigned attempts;
    struct loop_timer again;
};

static void send(struct parcel *parcel);

static void on_again(struct loop_timer *timer)
{
    send(container_of(timer, struct parcel, again));
}

static void fill_up(struct load *load);

static void arrive(struct parcel *parcel)
{
    struct load *load = parcel->load;
    load->in_flight--;
    free(parcel);
    fill_up(load);
}

static void on_answer(void *arg, const struct http_outcome *outcome)
{
    struct parcel *parcel = arg;
    struct load *load = parcel->load;
    int http = outcome->status == STATUS_OK ? outcome->head.status : 0;
    load->made += http == 201;
    load->there += http == 412;
    if (http == 201 || http == 412) {
        arrive(parcel);
        return;
    }
    bool is_passing = http == 0 || http >= 500;
    if (is_passing && ++parcel->attempts < ATTEMPTS_MAX && load->fault[0] == '\0') {
        loop_timer_start(load->loop, &parcel->again, AGAIN_MS);
        return;
    }
    if (http == 0)
        snprintf(load->fault, sizeof(load->fault), "%s: %s", http_peer_name(load->peer),
                 status_info(outcome->status)->sentence);
    else
        snprintf(load->fault, sizeof(load->fault), "record %llu: the write server answered %d",
                 (unsigned long long)parcel->number, http);
    arrive(parcel);
}

/* Created under a chosen id, exactly once: the second time the server says 412. */
static void send(struct parcel *parcel)
{
    struct load *load = parcel->load;
    struct uuid id;
    char text[UUID_TEXT_SIZE];
    struct buf target = {0}, body = {0};
    struct json *fields = sample_make(load->collection, &load->words, parcel->number, &id);
    uuid_format(&id, text);
    buf_printf(&target, "/v1/%s/%s/%s", load->collection->service, load->collection->name, text);
    json_write(fields, &body);
    http_call(load->peer,
              &(struct http_call_options){
                  .method = STR("PUT"),
                  .target = buf_str(&target),
                  .headers = STR("Content-Type: application/json\r\nIf-None-Match: *\r\n"
                                 "X-Actor: seed\r\n"),
                  .body = buf_str(&body),
                  .connect_ms = CONNECT_MS,
                  .total_ms = ANSWER_MS},
              on_answer, parcel);
    json_free(&fields);
    buf_free(&target);
    buf_free(&body);
}

static void fill_up(struct load *load)
{
    while (load->in_flight < IN_FLIGHT && load->next < load->count && load->fault[0] == '\0') {
        struct parcel *parcel = mem_new(1, sizeof(*parcel));
        parcel->load = load;
        parcel->number = load->next++;
        parcel->again.fired = on_again;
        load->in_flight++;
        send(parcel);
    }
}

static int run(struct load *load)
{
    enum { TURN_MS = 100 };
    fill_up(load);
    while (load->in_flight > 0)
        loop_turn(load->loop, TURN_MS);
    if (load->fault[0] != '\0') {
        fprintf(stderr, "mamparo seed: %s\n", load->fault);
        return EXIT_FAILED;
    }
    printf("%s/%s: %llu records loaded, %llu were there already\n", load->collection->service,
           load->collection->name, (unsigned long long)load->made, (unsigned long long)load->there);
    return 0;
}

static int load_service(const struct service *service, struct load *load, const char *folder)
{
    struct buf mistakes = {0};
    int result = EXIT_CONFIG;
    if (!sample_words_load(&load->words, folder, service->name, &mistakes))
        fprintf(stderr, "mamparo seed: %s", mistakes.ptr);
    else
        result = 0;
    for (size_t i = 0; i < service->collection_count && result == 0; i++) {
        if (!sample_is_wanted(service->collections[i]))
            continue;
        load->collection = service->collections[i];
        load->next = load->made = load->there = 0;
        result = run(load);
    }
    sample_words_free(&load->words);
    buf_free(&mistakes);
    return result;
}

/* The first of WRITE_SERVERS; by default the write role on this machine. */
static bool open_peer(struct load *load)
{
    const char *servers = getenv("WRITE_SERVERS");
    struct str rest = str_from(servers != NULL && servers[0] != '\0' ? servers : "127.0.0.1:8000");
    char why[256];
    load->loop = loop_new();
    load->peer = http_resolve_peer(load->loop, str_trim(str_cut(&rest, ',')), why, sizeof(why));
    if (load->peer == NULL)
        fprintf(stderr, "mamparo seed: WRITE_SERVERS: %s\n", why);
    return load->peer != NULL;
}

int seed_run(int count, char **words)
{
    const char *folder = getenv("MODELS") != NULL ? getenv("MODELS") : "models";
    struct buf mistakes = {0};
    int64_t wanted;
    struct load load = {0};
    if (count != 2 || !str_to_int64(str_from(words[1]), &wanted) || wanted < 1 ||
        wanted > COUNT_MAX) {
        fprintf(stderr,
                "usage: mamparo seed <service> <count>\n"
                "  <count> is from 1 to %d; MODELS and WRITE_SERVERS say what and where\n",
                COUNT_MAX);
        return EXIT_USAGE;
    }
    struct model *model = model_load(folder, &mistakes);
    const struct service *service =
        model == NULL ? NULL : model_find_service(model, str_from(words[0]));
    int result = EXIT_CONFIG;
    load.count = (uint64_t)wanted;
    if (model == NULL)
        fprintf(stderr, "mamparo seed: the models have mistakes:\n%s", mistakes.ptr);
    else if (service == NULL)
        fprintf(stderr, "mamparo seed: there is no service \"%s\" in %s\n", words[0], folder);
    else if (open_peer(&load))
        result = load_service(service, &load, folder);
    model_free(&model);
    buf_free(&mistakes);
    return result;
}
