#include "cqrs/replication/event_json.h"

static void write_member(struct buf *out, const char *name, struct str value)
{
    if (value.len == 0)
        return;
    buf_printf(out, "\"%s\":", name);
    json_write_string(value, out);
    buf_append_char(out, ',');
}

static const char *write_data(const struct event *event, struct writer_schemas *schemas,
                              struct buf *out)
{
    const char *why;
    const struct avro_codec *codec = writer_schemas_find(schemas, event, &why);
    if (codec != NULL && avro_decode(codec, event->data, out))
        return NULL;
    buf_append_text(out, "null");
    return codec != NULL ? "its data is not of the schema that it names" : why;
}

const char *event_json_write(const struct event_entry *entry, struct writer_schemas *schemas,
                             struct buf *out)
{
    const struct event *event = &entry->event;
    char position[POSITION_TEXT_SIZE], prev[POSITION_TEXT_SIZE];
    struct buf source = {0}, schema = {0};
    position_format(entry->position, position);
    position_format(entry->prev, prev);
    buf_printf(&source, "/" STR_FMT "/" STR_FMT, STR_ARG(event->service),
               STR_ARG(event->collection));
    buf_printf(&schema, "/v1/schemas/" STR_FMT, STR_ARG(event->fingerprint));
    struct {
        const char *name;
        struct str value;
    } members[] = {
        {"specversion", STR("1.0")},
        {"id", event->id},
        {"source", buf_str(&source)},
        {"type", event->type},
        {"subject", event->subject},
        {"time", event->time},
        {"datacontenttype", STR("application/json")},
        {"dataschema", buf_str(&schema)},
        {"traceparent", event->traceparent},
        {"correlationid", event->correlation_id},
        {"causationid", event->causation_id},
        {"actor", event->actor},
        {"position", str_from(position)},
        {"prev", str_from(prev)},
        {"epoch", entry->epoch},
    };
    buf_append_char(out, '{');
    for (size_t i = 0; i < countof(members); i++)
        write_member(out, members[i].name, members[i].value);
    buf_append_text(out, "\"data\":");
    const char *why = write_data(event, schemas, out);
    buf_append_char(out, '}');
    buf_free(&source);
    buf_free(&schema);
    return why;
}
