#include "cqrs/replication/event.h"

/* "/medical/entries" */
static bool read_source(struct str source, struct event *out)
{
    if (source.len == 0 || source.ptr[0] != '/')
        return false;
    struct str rest = {source.ptr + 1, source.len - 1};
    out->service = str_cut(&rest, '/');
    out->collection = rest;
    return out->service.len > 0 && out->collection.len > 0;
}

static const struct str schema_path = {"/v1/schemas/", 12};

static bool read_fields(const struct redis_reply *fields, struct event_entry *out)
{
    struct str source = {NULL, 0}, schema = {NULL, 0}, prev = {NULL, 0};
    struct event *event = &out->event;
    struct {
        const char *name;
        struct str *place;
    } known[] = {
        {"id", &event->id},
        {"source", &source},
        {"type", &event->type},
        {"subject", &event->subject},
        {"time", &event->time},
        {"dataschema", &schema},
        {"traceparent", &event->traceparent},
        {"correlationid", &event->correlation_id},
        {"causationid", &event->causation_id},
        {"actor", &event->actor},
        {"epoch", &out->epoch},
        {"prev", &prev},
        {"data", &event->data},
    };
    for (size_t f = 0; f + 1 < redis_reply_count(fields); f += 2)
        for (size_t i = 0; i < countof(known); i++)
            if (str_equal(redis_reply_text(redis_reply_item(fields, f)), str_from(known[i].name)))
                *known[i].place = redis_reply_text(redis_reply_item(fields, f + 1));
    if (!read_source(source, event) || !str_starts_with(schema, schema_path) ||
        !position_parse(prev, &out->prev))
        return false;
    event->fingerprint = (struct str){schema.ptr + schema_path.len, schema.len - schema_path.len};
    return event->id.len > 0 && event->subject.len > 0 && event->data.len > 0 && out->epoch.len > 0;
}

bool event_from_entry(const struct redis_reply *reply, struct event_entry *out)
{
    *out = (struct event_entry){0};
    return redis_reply_count(reply) == 2 &&
           position_parse(redis_reply_text(redis_reply_item(reply, 0)), &out->position) &&
           read_fields(redis_reply_item(reply, 1), out);
}

void event_key(const char *service, const char *what, struct buf *out)
{
    buf_printf(out, "mamparo:{%s}:%s", service, what);
}

/* Appends a text to the scratch and lends it; the scratch has room already. */
static struct str keep(struct buf *scratch, struct str a, struct str b, struct str c)
{
    size_t from = scratch->len;
    buf_append_str(scratch, a);
    buf_append_str(scratch, b);
    buf_append_str(scratch, c);
    return (struct str){scratch->ptr + from, scratch->len - from};
}

size_t event_write_xadd(const struct event_entry *entry, struct buf *scratch,
                        struct str words[EVENT_WORDS_MAX])
{
    enum { ROOM = 1024 };
    const struct event *event = &entry->event;
    char position[POSITION_TEXT_SIZE], prev[POSITION_TEXT_SIZE];
    size_t count = 0;
    position_format(entry->position, position);
    position_format(entry->prev, prev);
    buf_reset(scratch);
    buf_reserve(scratch, ROOM);
    words[count++] = STR("XADD");
    words[count++] = keep(scratch, STR("mamparo:{"), event->service, STR("}:events"));
    words[count++] = STR("NOMKSTREAM");
    words[count++] = keep(scratch, str_from(position), STR(""), STR(""));
    struct str slash = keep(scratch, STR("/"), event->service, STR("/"));
    struct {
        struct str name, value;
    } fields[] = {
        {STR("specversion"), STR("1.0")},
        {STR("id"), event->id},
        {STR("source"), keep(scratch, slash, event->collection, STR(""))},
        {STR("type"), event->type},
        {STR("subject"), event->subject},
        {STR("time"), event->time},
        {STR("datacontenttype"), STR("avro/binary")},
        {STR("dataschema"), keep(scratch, schema_path, event->fingerprint, STR(""))},
        {STR("traceparent"), event->traceparent},
        {STR("correlationid"), event->correlation_id},
        {STR("causationid"), event->causation_id},
        {STR("actor"), event->actor},
        {STR("epoch"), entry->epoch},
        {STR("prev"), keep(scratch, str_from(prev), STR(""), STR(""))},
        {STR("data"), event->data},
    };
    assert(scratch->capacity >= ROOM && scratch->len < ROOM);
    for (size_t i = 0; i < countof(fields); i++) {
        if (fields[i].value.len == 0)
            continue; /* CloudEvents leaves an absent attribute out */
        words[count++] = fields[i].name;
        words[count++] = fields[i].value;
    }
    return count;
}
