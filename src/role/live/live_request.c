#include "role/live/live_request.h"

#include "cqrs/query/query.h"
#include "cqrs/replication/live/live_id.h"

enum parameter { COLLECTION, TYPE, LAST_EVENT_ID, PARAMETER_COUNT };

static const char *const names[PARAMETER_COUNT] = {"collection", "type", "last_event_id"};

/* A bit for each kind. */
enum { ALL_KINDS = (1 << LIVE_KIND_COUNT) - 1 };

static void write_type(const struct collection *collection, size_t kind, struct buf *out)
{
    buf_printf(out, "%s.%s.%s", collection->service, collection->entity, live_kinds[kind]);
}

/* Sets the bits that a word of `parameter` stands for; false: there is no such word. */
static bool take_word(const struct service *service, enum parameter parameter, struct str word,
                      unsigned char *kinds)
{
    struct buf type = {0};
    bool is_known = false;
    for (size_t c = 0; c < service->collection_count; c++)
        for (size_t k = 0; k < LIVE_KIND_COUNT; k++) {
            const struct collection *collection = service->collections[c];
            buf_reset(&type);
            write_type(collection, k, &type);
            bool is_meant =
                str_equal(word, parameter == TYPE ? buf_str(&type) : str_from(collection->name));
            kinds[c] |= (unsigned char)(is_meant << k);
            is_known = is_known || is_meant;
        }
    buf_free(&type);
    return is_known;
}

static void refuse_word(const struct service *service, enum parameter parameter,
                        struct problem *problem)
{
    struct buf known = {0};
    for (size_t c = 0; c < service->collection_count; c++)
        buf_printf(&known, "%s%s", c == 0 ? "" : ", ",
                   parameter == TYPE ? service->collections[c]->entity
                                     : service->collections[c]->name);
    if (parameter == TYPE)
        problem_at_parameter(problem, str_from(names[parameter]),
                             "must be one or more of %s.<what>.<created, updated or deleted>, "
                             "separated by commas; what: %s",
                             service->name, known.ptr);
    else
        problem_at_parameter(problem, str_from(names[parameter]),
                             "must be one or more of these, separated by commas: %s", known.ptr);
    buf_free(&known);
}

/* A query while it is read. */
struct reading {
    const struct service *service;
    struct live_request *out;
    struct problem *problem;
    bool has[PARAMETER_COUNT];
};

/* Events that `list` names, of those that the other filter leaves. */
static void take_filter(const struct reading *reading, enum parameter parameter, struct str list)
{
    const struct service *service = reading->service;
    struct live_filter *filter = &reading->out->filter;
    unsigned char *kinds = mem_new(service->collection_count, 1);
    bool is_known = list.len > 0;
    while (is_known && list.ptr != NULL)
        is_known = take_word(service, parameter, str_cut(&list, ','), kinds);
    if (!is_known)
        refuse_word(service, parameter, reading->problem);
    for (size_t c = 0; filter->kinds != NULL && c < service->collection_count; c++)
        kinds[c] &= filter->kinds[c];
    free(filter->kinds);
    filter->kinds = kinds;
}

static void take_id(const struct reading *reading, struct str id, const char *name)
{
    struct position position;
    struct str epoch;
    buf_reset(&reading->out->last_event_id);
    buf_append_str(&reading->out->last_event_id, id);
    if (!live_id_parse(id, &position, &epoch))
        problem_at_parameter(reading->problem, str_from(name),
                             "must be the id of an event, as it was sent: "
                             "<number>-<number>@<epoch>");
}

static void take_parameter(struct reading *reading, struct str name, struct str value)
{
    enum parameter parameter = 0;
    while (parameter < PARAMETER_COUNT && !str_equal(name, str_from(names[parameter])))
        parameter++;
    if (parameter == PARAMETER_COUNT)
        problem_at_parameter(reading->problem, name,
                             "is no parameter here; allowed are collection, type, last_event_id");
    else if (reading->has[parameter])
        problem_at_parameter(reading->problem, name, "is given twice");
    else if (parameter == LAST_EVENT_ID)
        take_id(reading, value, names[parameter]);
    else
        take_filter(reading, parameter, value);
    if (parameter < PARAMETER_COUNT)
        reading->has[parameter] = true;
}

bool live_request_parse(const struct service *service, struct str query, struct str header,
                        struct live_request *out, struct problem *problem)
{
    struct reading reading = {service, out, problem, {false}};
    struct buf name = {0}, value = {0};
    *out = (struct live_request){0};
    while (query.len > 0) {
        struct str rest = str_cut(&query, '&');
        buf_reset(&name);
        buf_reset(&value);
        if (rest.len == 0)
            continue;
        bool is_readable = query_decode(str_cut(&rest, '='), &name);
        if (is_readable && query_decode(rest, &value))
            take_parameter(&reading, buf_str(&name), buf_str(&value));
        else
            problem_at_parameter(problem, is_readable ? buf_str(&name) : STR("?"),
                                 "is not percent-encoded UTF-8");
    }
    if (header.len > 0)
        take_id(&reading, header, "Last-Event-ID");
    buf_free(&name);
    buf_free(&value);
    return !problem_is_set(problem);
}

void live_request_free(struct live_request *request)
{
    free(request->filter.kinds);
    buf_free(&request->last_event_id);
}
